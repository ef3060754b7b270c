// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;

namespace Braid.Tests.Unit.Support;

/// <summary>
/// A path that completes at the end of the turn and allocates nothing itself: for measuring.
/// </summary>
internal sealed class QuietDevice : PathDevice
{
    private readonly Queue<Request> _inFlight;
    private readonly ActionTask _task;
    private readonly QueueLimits _limits;

    public QuietDevice(IoLoop loop, string name, QueueOptions options, QueueLimits limits)
        : base(loop, name, $"quiet:{name}", options)
    {
        _limits = limits;
        _inFlight = new Queue<Request>(options.Depth);
        _task = new ActionTask(CompleteAll);
        Start();
    }

    /// <summary>Its I/O fails as a lost path's does.</summary>
    public bool IsFailing { get; set; }

    /// <summary>Nothing ends until this is false again and the loop is told.</summary>
    public bool IsHolding { get; set; }

    public int InFlight => _inFlight.Count;

    public override bool CanAbandon => true;

    public override void Start() => Reached(TestDevice.DefaultBytes, _limits);

    public override void Stop() => Lost("stopped");

    public override BlockStatus QueueRequest(Request request)
    {
        _inFlight.Enqueue(request);
        if (!IsHolding) Loop.Schedule(_task, TurnPhase.Dispatch);
        return BlockStatus.Ok;
    }

    public override void Abandon(Request read)
    {
        // It touches no memory.
    }

    public void Release()
    {
        IsHolding = false;
        Loop.Schedule(_task, TurnPhase.Dispatch);
    }

    protected override void Dispose(bool disposing)
    {
        // It has nothing.
    }

    private void CompleteAll()
    {
        BlockStatus status = IsFailing ? BlockStatus.Transport : BlockStatus.Ok;
        for (int left = _inFlight.Count; left > 0; left--)
            Queue.Complete(_inFlight.Dequeue(), status);
    }
}
