// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;

namespace Braid.Tests.Simulation;

/// <summary>
/// A path whose requests end when they are told to, or in the next turn when it does not hold them.
/// </summary>
internal sealed class HeldDevice : PathDevice
{
    private const long Bytes = 1L << 30;

    private readonly List<Request> _inFlight = [];
    private readonly LoopTimer _timer;

    public HeldDevice(IoLoop loop, QueueOptions options)
        : base(loop, "held", "test:held", options)
    {
        _timer = loop.CreateTimer(CompleteAll);
        Start();
    }

    public int InFlight => _inFlight.Count;

    public bool IsHolding
    {
        get;
        set
        {
            field = value;
            if (!value) _timer.Arm(0);
        }
    } = true;

    public override void Start() => Reached(Bytes, new QueueLimits { MaxBytes = 1 << 20 });

    public override void Stop() => Lost("stopped");

    public override BlockStatus QueueRequest(Request request)
    {
        _inFlight.Add(request);
        if (!IsHolding && !_timer.IsArmed) _timer.Arm(0);
        return BlockStatus.Ok;
    }

    /// <summary>Completes the request that begins there. False when it has none.</summary>
    public bool Complete(long offset)
    {
        Request? request = _inFlight.Find(one => one.Offset == offset);
        if (request is null) return false;
        _inFlight.Remove(request);
        Queue.Complete(request, BlockStatus.Ok);
        return true;
    }

    protected override void Dispose(bool disposing)
    {
        // It has nothing.
    }

    private void CompleteAll()
    {
        Request[] all = [.. _inFlight];
        _inFlight.Clear();
        foreach (Request request in all) Queue.Complete(request, BlockStatus.Ok);
    }
}
