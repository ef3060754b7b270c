// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Block;

/// <summary>
/// The queue of one request-based device on one loop (struct request_queue with its hardware
/// context): bios come in, are merged into requests in the plug of the turn or in the scheduler,
/// and go to the driver at the end of the turn. Loop's thread only.
/// </summary>
public sealed partial class RequestQueue
{
    /// <summary>A plug with this many requests is opened at once (BLK_MAX_REQUEST_COUNT).</summary>
    private const int PlugMaxRequests = 32;

    /// <summary>So is one whose last request is this long (BLK_PLUG_FLUSH_SIZE).</summary>
    private const int PlugFlushBytes = 128 * 1024;

    /// <summary>
    /// A queue that was told to wait, and whose own I/O in flight will not end the wait, asks again
    /// after this time (BLK_MQ_RESOURCE_DELAY).
    /// </summary>
    private const long ResourceDelayNs = 3_000_000;

    /// <summary>
    /// A merge up to this size is always allowed, see <see cref="QueueOptions.CapMerges"/>.
    /// </summary>
    private const long MinMergeCap = 32 * 1024;

    /// <summary>A merge may hold up to one part in this many of what is in the queue.</summary>
    private const int MergeShare = 2;

    /// <summary>Of <see cref="Requeue"/>: a delay that only a kick ends.</summary>
    public const long UntilKicked = long.MaxValue;

    private readonly RequestList _plug = new();
    private readonly BioList _waiting = new();
    private readonly RequestList _dispatch = new();
    private RequestScheduler _scheduler;
    private readonly BioSplitter _splitter;
    private readonly Stack<FlushSequence> _flushes = new();
    private readonly DispatchTask _task;
    private readonly RequeueList _requeued;
    private readonly LoopTimer _resourceTimer;
    private readonly QueueOptions _options;
    private bool _isQuiesced;
    private Action? _whenIdle;

    /// <summary>Bytes of all bios in the queue, from submission to end.</summary>
    private long _bytes;

    public RequestQueue(IoLoop loop, IQueueDriver driver, QueueLimits limits, QueueOptions options)
    {
        Loop = loop;
        Driver = driver;
        Limits = limits;
        Tags = new TagSet(this, options.Depth, options.ReservedTags);
        _options = options;
        _scheduler = CreateScheduler(options.Scheduler);
        _splitter = new BioSplitter(this);
        _task = new DispatchTask(this);
        _requeued = new RequeueList(loop, KickRequeueList);
        _resourceTimer = loop.CreateTimer(Run);
    }

    public IoLoop Loop { get; }

    public IQueueDriver Driver { get; }

    /// <summary>
    /// Replaced as a whole, when nothing is in flight that would exceed the new ones.
    /// </summary>
    public QueueLimits Limits { get; set; }

    public TagSet Tags { get; }

    public BlockStatistics Statistics { get; } = new();

    /// <summary>
    /// Whether a request given to this queue's driver now would wait (blk_lld_busy): as a path, it
    /// is congested.
    /// </summary>
    public bool IsBusy => Driver.IsBusy;

    /// <summary>Requests given back, waiting to be mapped again.</summary>
    public int Requeued => _requeued.Count;

    /// <summary>The longest merge that is allowed now.</summary>
    internal long MergeCap => NoMerges ? 0
        : _options.CapMerges ? Math.Max(MinMergeCap, _bytes / MergeShare) : long.MaxValue;

    /// <summary>
    /// Its device was taken away for good (blk_queue_dying): no clone is made on it.
    /// </summary>
    public bool IsDying { get; set; }

    /// <summary>Bios are not merged at all (the kernel's nomerges=2).</summary>
    public bool NoMerges { get; set; }

    /// <summary>Which scheduler it has; those that wait move to a new one.</summary>
    public SchedulerKind Scheduler
    {
        get => _scheduler is DeadlineScheduler ? SchedulerKind.Deadline : SchedulerKind.None;
        set
        {
            RequestScheduler old = _scheduler;
            _scheduler = CreateScheduler(value);
            while (old.TakeNext() is { } request) _scheduler.Insert(request);
        }
    }

    /// <summary>
    /// A dispatch has stopped after a batch, and goes on later in the turn (see
    /// <see cref="QueueOptions.DispatchBatch"/>).
    /// </summary>
    public bool IsCutShort => _task.IsCutShort;

    /// <summary>
    /// Gives the driver nothing more (blk_mq_quiesce_queue); requests still merge.
    /// </summary>
    public void Quiesce() => _isQuiesced = true;

    /// <summary>Goes on; what was requeued meanwhile goes first.</summary>
    public void Unquiesce()
    {
        _isQuiesced = false;
        KickRequeueList();
    }

    /// <summary>Calls back when nothing is at the driver, perhaps at once. One waiter.</summary>
    public void WhenIdle(Action callback)
    {
        Invariant.That(_whenIdle is null);
        if (Statistics.InFlight == 0) callback();
        else _whenIdle = callback;
    }

    /// <summary>Asks for a dispatch at the end of this turn.</summary>
    public void Run() => Loop.Schedule(_task, TurnPhase.Dispatch);

    private RequestScheduler CreateScheduler(SchedulerKind kind) => kind switch
    {
        SchedulerKind.Deadline => new DeadlineScheduler(this),
        _ when _options.TakesTurns => new TurnScheduler(this),
        _ => new NoneScheduler(this),
    };

    /// <summary>The end-of-turn task of the queue.</summary>
    private sealed class DispatchTask(RequestQueue queue) : TurnTask
    {
        public bool IsCutShort { get; set; }

        protected override void RunTask() => queue.DispatchAll();
    }
}
