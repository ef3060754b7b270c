// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;

namespace Braid.Tests.Simulation;

/// <summary>
/// A path that does so many requests at the same time, each in the same time, and the others after
/// them in order.
/// </summary>
internal sealed class TimedDevice : PathDevice
{
    private readonly IoLoop _loop;
    private readonly long _serviceNs;
    private readonly Queue<Request> _waiting = new();
    private int _idle;

    /// <summary>Up to so much more, drawn for each request.</summary>
    public long JitterNs { get; init; }

    public TimedDevice(IoLoop loop, int atOnce, long serviceNs)
        : base(loop, "timed", "test:timed", new QueueOptions { Depth = 1024 })
    {
        _loop = loop;
        _idle = atOnce;
        _serviceNs = serviceNs;
        Start();
    }

    public override void Start() =>
        Reached(SimulatedWorld.VolumeBytes, new QueueLimits { MaxBytes = 1 << 20 });

    /// <summary>Requests that it has and does not do yet.</summary>
    public int Queued => _waiting.Count;

    public override void Stop() => Lost("stopped");

    public override BlockStatus QueueRequest(Request request)
    {
        if (_idle > 0) Serve(request);
        else _waiting.Enqueue(request);
        return BlockStatus.Ok;
    }

    protected override void Dispose(bool disposing)
    {
        // It has nothing.
    }

    private void Serve(Request request)
    {
        _idle--;
        _loop.CreateTimer(() => End(request)).Arm(
            _serviceNs + (JitterNs > 0 ? _loop.Random.Next(JitterNs) : 0));
    }

    private void End(Request request)
    {
        _idle++;
        if (_waiting.TryDequeue(out Request? next)) Serve(next);
        Queue.Complete(request, BlockStatus.Ok);
    }
}
