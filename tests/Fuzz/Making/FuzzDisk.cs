// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;

namespace Braid.Tests.Fuzz;

/// <summary>A path that ends its requests with the turn, well or with an error.</summary>
internal sealed class FuzzDisk : PathDevice
{
    private static readonly QueueOptions Options = new() { Depth = 4 };

    private readonly Queue<Request> _taken = new();
    private readonly Ending _ending;
    private readonly long _bytes;
    private FuzzHandler? _handler;

    public FuzzDisk(IoLoop loop, string name, long bytes)
        : base(loop, name, $"fuzz:{name}", Options)
    {
        _bytes = bytes;
        _ending = new Ending(this);
        if (bytes > 0) Start();
    }

    /// <summary>How its requests end.</summary>
    public BlockStatus Outcome { get; init; }

    /// <summary>How its activations end; null for a device that takes no handler.</summary>
    public ActivationResult? Activation { get; init; }

    public override IHardwareHandler? HardwareHandler => _handler;

    public override string? AttachHandler(string name)
    {
        if (Activation is not { } result) return base.AttachHandler(name);
        if (name != FuzzHandler.HandlerName) return "unknown handler";
        _handler ??= new FuzzHandler(Loop, result);
        return null;
    }

    public override void Start() => Reached(_bytes, new QueueLimits
    {
        MaxBytes = 8192, WriteCache = true, MaxDiscardBytes = 65536,
    });

    public override void Stop() => Lost("stopped");

    public override BlockStatus QueueRequest(Request request)
    {
        if (State != PathState.Up) return BlockStatus.Transport;
        if (request.End > _bytes) throw new FuzzException($"I/O beyond the end of {Name}");
        _taken.Enqueue(request);
        Loop.Schedule(_ending, TurnPhase.Dispatch);
        return BlockStatus.Ok;
    }

    protected override void Dispose(bool disposing)
    {
        // It has nothing.
    }

    private sealed class Ending(FuzzDisk disk) : TurnTask
    {
        protected internal override void RunTask()
        {
            while (disk._taken.TryDequeue(out Request? request))
                disk.Queue.Complete(request, disk.Outcome);
        }
    }
}

/// <summary>A handler whose activations take a while and end as they always do.</summary>
internal sealed class FuzzHandler(IoLoop loop, ActivationResult result) : IHardwareHandler
{
    public const string HandlerName = "alua";

    public string Name => HandlerName;

    public string? SetParameters(IReadOnlyList<string> words) =>
        words is ["0" or "1"] ? null : "alua takes 0 or 1";

    public void Activate(Action<ActivationResult> done) =>
        loop.CreateTimer(() => done(result)).Arm(1_000_000);
}
