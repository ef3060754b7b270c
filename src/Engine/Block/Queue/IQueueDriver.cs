// SPDX-License-Identifier: Apache-2.0
namespace Braid.Block;

/// <summary>
/// What executes the requests of a queue (struct blk_mq_ops): a transport, or the mapper.
/// </summary>
public interface IQueueDriver
{
    /// <summary>
    /// Whether a request given now would wait (blk_mq_ops.busy, lld_busy). False when not known.
    /// </summary>
    bool IsBusy { get; }

    /// <summary>
    /// Takes a request (queue_rq). Ok: it is the driver's until
    /// <see cref="RequestQueue.Complete(Request, BlockStatus, long)"/>, which must not be called
    /// before this has returned. Resource or DeviceResource: not now, keep it. Any other status: it
    /// has failed with it.
    /// </summary>
    BlockStatus QueueRequest(Request request);
}
