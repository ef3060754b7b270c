// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Transports.Memory;

namespace Braid.Scenario;

/// <summary>How a disk executes its requests.</summary>
internal sealed record DiskSettings
{
    /// <summary>What a timer's interrupt takes on top of the time that was asked for.</summary>
    private const long TimerNs = 100_000;

    public QueueLimits Limits { get; init; } = new();

    /// <summary>Longest request that it can be set to take; 0 for what it takes.</summary>
    public long HardwareMaxBytes { get; init; }

    /// <summary>Requests at the same time.</summary>
    public int Depth { get; init; } = 64;

    public SchedulerKind Scheduler { get; init; } = SchedulerKind.Deadline;

    /// <summary>Each request takes so long; 0 for none.</summary>
    public long CompletionNs { get; init; }

    /// <summary>When a request that came now ends.</summary>
    public long DelayNs => CompletionNs == 0 ? 0 : CompletionNs + TimerNs;
}

/// <summary>
/// A disk in memory behind a request queue: what a scenario's tables have as paths.
/// </summary>
internal abstract class ScenarioDisk : PathDevice
{
    private readonly DiskSettings _settings;
    private readonly DiskMemory _memory;
    private readonly Ending[] _endings;

    /// <param name="loop">Its loop.</param>
    /// <param name="name">As tables call it.</param>
    /// <param name="store">Its bytes; not owned.</param>
    /// <param name="settings">How it works.</param>
    /// <param name="sizeBytes">What it says of its size; 0 for nothing.</param>
    protected ScenarioDisk(
        IoLoop loop, string name, MemoryStore store, DiskSettings settings, long sizeBytes)
        : base(loop, name, $"scenario:{name}", new QueueOptions
        {
            Depth = settings.Depth,
            Scheduler = settings.Scheduler,
            MergesWaiting = false,
            MergesFlushes = false,
        })
    {
        _settings = settings;
        _memory = new DiskMemory(store);
        _endings = new Ending[settings.Depth];
        for (int tag = 0; tag < _endings.Length; tag++) _endings[tag] = new Ending(this, tag);
        Reached(sizeBytes, settings.Limits);
    }

    /// <summary>It was taken away.</summary>
    public bool IsGone => Queue.IsDying;

    /// <summary>Null for a disk that can be opened, else the errno that opening it gives.</summary>
    public virtual string? OpenError => null;

    /// <summary>Longest request that it was made for, whatever its queue allows now.</summary>
    public long HardwareMaxBytes =>
        Math.Max(_settings.HardwareMaxBytes, _settings.Limits.MaxBytes);

    public override bool IsBusy => false;

    public override void Start()
    {
        // It is there from the beginning.
    }

    public override void Stop()
    {
        // And has nothing that would have to be let go.
    }

    public override BlockStatus QueueRequest(Request request)
    {
        // A map whose table has become shorter may ask for what is not there.
        BlockStatus refusal = request.End > SizeBytes ? BlockStatus.IoError : Admit();
        if (refusal != BlockStatus.Ok) return refusal;
        (BlockStatus status, long done) = Judge(request);
        if (status == BlockStatus.Ok) _memory.Execute(request);
        _endings[request.Tag].Begin(status, done, _settings.DelayNs);
        return BlockStatus.Ok;
    }

    /// <summary>Every I/O fails from now on.</summary>
    public abstract void Break();

    /// <summary>Works again.</summary>
    public abstract void Fix();

    /// <summary>Whether a request is taken at all; any other status refuses it.</summary>
    protected virtual BlockStatus Admit() => BlockStatus.Ok;

    /// <summary>How a request ends, and how many bytes of it are good.</summary>
    protected abstract (BlockStatus Status, long Done) Judge(Request request);

    protected override void Dispose(bool disposing)
    {
        // The store is the world's.
    }

    /// <summary>
    /// The end of the request of a tag: after a delay, or at the end of the turn.
    /// </summary>
    private sealed class Ending : TurnTask
    {
        private readonly ScenarioDisk _disk;
        private readonly int _tag;
        private readonly LoopTimer _timer;
        private BlockStatus _status;
        private long _done;

        public Ending(ScenarioDisk disk, int tag)
        {
            _disk = disk;
            _tag = tag;
            _timer = disk.Loop.CreateTimer(RunTask);
        }

        public void Begin(BlockStatus status, long done, long delayNs)
        {
            _status = status;
            _done = done;
            if (delayNs > 0) _timer.Arm(delayNs);
            else _disk.Loop.Schedule(this, TurnPhase.Dispatch);
        }

        protected override void RunTask()
        {
            Request request = _disk.Queue.Tags[_tag];
            long done = _status == BlockStatus.Ok ? request.Length : _done;
            _disk.Queue.Complete(request, _status, done);
        }
    }
}
