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
    /// Whether a read that it has can be <see cref="Abandon">abandoned</see>. Not where the memory
    /// is another's until the end: the kernel's, or that of a device further below.
    /// </summary>
    bool CanAbandon => false;

    /// <summary>
    /// Takes a request (queue_rq). Ok: it is the driver's until
    /// <see cref="RequestQueue.Complete(Request, BlockStatus, long)"/>, which must not be called
    /// before this has returned. Resource or DeviceResource: not now, keep it. Any other status: it
    /// has failed with it.
    /// </summary>
    BlockStatus QueueRequest(Request request);

    /// <summary>
    /// A read that it has got other bios: when this returns, nothing is written any more to where
    /// it was to go, not even the rest of a payload under way. It stays in flight, with its tag and
    /// its timeout, and completes as ever. Only with <see cref="CanAbandon"/>; loop's thread.
    /// </summary>
    void Abandon(Request read) => Io.Invariant.Broken("abandoned a read that cannot be");
}
