// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;

namespace Braid.Tests.Unit.Support;

/// <summary>A request as it came to a <see cref="TestDevice"/>.</summary>
internal sealed record SentRequest(
    BlockOperation Operation, long Offset, long Length, BioFlags Flags, int Bios, long AtNs);

/// <summary>
/// A path that records its requests and completes them when and how the test says: by hand, or by
/// itself at the end of the turn or after a time.
/// </summary>
internal sealed class TestDevice : PathDevice
{
    /// <summary>16 MiB, as the disks of the kernel's transcripts.</summary>
    public const long DefaultBytes = 16 << 20;

    private readonly QueueLimits _limits;
    private readonly long _bytes;
    private readonly List<Request> _inFlight = [];
    private readonly Queue<Request> _due = new();
    private readonly ActionTask _task;

    public TestDevice(
        IoLoop loop, string name, QueueOptions? options = null, QueueLimits? limits = null,
        long sizeBytes = DefaultBytes, bool start = true)
        : base(loop, name, $"test:{name}", options ?? new QueueOptions())
    {
        _limits = limits ?? new QueueLimits();
        _bytes = sizeBytes;
        _task = new ActionTask(CompleteDue);
        if (start) Start();
    }

    /// <summary>All requests that were taken, oldest first.</summary>
    public List<SentRequest> Sent { get; } = [];

    /// <summary>Taken and not completed, oldest first.</summary>
    public IReadOnlyList<Request> InFlight => _inFlight;

    /// <summary>Requests that <see cref="Answer"/> did not take.</summary>
    public int Refusals { get; private set; }

    /// <summary>What the driver says to a request; anything but Ok is not taken.</summary>
    public Func<Request, BlockStatus> Answer { get; set; } = static _ => BlockStatus.Ok;

    /// <summary>Null: the test completes. 0: end of the turn. More: after that time.</summary>
    public long? DelayNs { get; set; }

    /// <summary>How requests that complete by themselves end.</summary>
    public Func<Request, BlockStatus> Outcome { get; set; } = static _ => BlockStatus.Ok;

    /// <summary>When set, what reads read from and writes write to; paths may share one.</summary>
    public byte[]? Store { get; set; }

    /// <summary>When set, in place of "all tags are out".</summary>
    public bool? Busy { get; set; }

    /// <summary>Names of the hardware handlers that it takes; null for a device without.</summary>
    public string[]? Handlers { get; set; }

    /// <summary>The handler that is attached to it.</summary>
    public new TestHandler? Handler
    {
        get => (TestHandler?)base.Handler;
        set => base.Handler = value;
    }

    public override bool IsBusy => Busy ?? base.IsBusy;

    /// <summary>Offsets and lengths of what was sent.</summary>
    public IEnumerable<(long Offset, long Length)> Ranges =>
        Sent.Select(sent => (sent.Offset, sent.Length));

    public override void Start() => ReachedWith(_bytes, _limits);

    public bool ReachedWith(long sizeBytes, QueueLimits limits) => Reached(sizeBytes, limits);

    public void Lose(string reason) => Lost(reason);

    public override void Stop() => Lost("stopped");

    public override string? AttachHandler(string name)
    {
        if (Handlers is null) return base.AttachHandler(name);
        if (!Handlers.Contains(name)) return $"unknown hardware handler '{name}'";
        Handler ??= new TestHandler(name);
        return null;
    }

    public override BlockStatus QueueRequest(Request request)
    {
        BlockStatus status = Answer(request);
        if (status != BlockStatus.Ok)
        {
            Refusals++;
            return status;
        }
        Sent.Add(new SentRequest(
            request.Operation, request.Offset, request.Length, request.Flags, Bios(request),
            Loop.NowNs));
        _inFlight.Add(request);
        if (DelayNs is { } delay) CompleteIn(request, delay);
        return BlockStatus.Ok;
    }

    public void Complete(Request request, BlockStatus status = BlockStatus.Ok) =>
        Complete(request, status, status == BlockStatus.Ok ? request.Length : 0);

    /// <summary>Completes with only the first bytes done.</summary>
    public void Complete(Request request, BlockStatus status, long done)
    {
        _inFlight.Remove(request).ShouldBeTrue();
        if (done > 0) Transfer(request, done);
        Queue.Complete(request, status, done);
    }

    /// <summary>The test gives the request back to its queue itself.</summary>
    public void Forget(Request request) => _inFlight.Remove(request).ShouldBeTrue();

    public void CompleteFirst(BlockStatus status = BlockStatus.Ok) =>
        Complete(_inFlight[0], status);

    /// <summary>Completes what is in flight now; not what that brings.</summary>
    public void CompleteAll(BlockStatus status = BlockStatus.Ok)
    {
        foreach (Request request in _inFlight.ToArray()) Complete(request, status);
    }

    protected override void Dispose(bool disposing)
    {
        // It has nothing.
    }

    private unsafe void Transfer(Request request, long done)
    {
        if (Store is not { } store) return;
        int at = (int)request.Offset;
        foreach (RequestSegment segment in new RequestSegments(request, at, done))
        {
            var memory = new Span<byte>(segment.Data, segment.Length);
            Span<byte> stored = store.AsSpan(at, segment.Length);
            if (request.IsWrite) memory.CopyTo(stored);
            else stored.CopyTo(memory);
            at += segment.Length;
        }
    }

    private static int Bios(Request request)
    {
        int count = 0;
        for (Bio? bio = request.FirstBio; bio is not null; bio = bio.Next) count++;
        return count;
    }

    private void CompleteIn(Request request, long delayNs)
    {
        if (delayNs > 0)
        {
            Loop.CreateTimer(() => Complete(request, Outcome(request))).Arm(delayNs);
            return;
        }
        _due.Enqueue(request);
        Loop.Schedule(_task, TurnPhase.Dispatch);
    }

    private void CompleteDue()
    {
        while (_due.TryDequeue(out Request? request)) Complete(request, Outcome(request));
    }
}
