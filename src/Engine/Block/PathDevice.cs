// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Block;

/// <summary>Whether a path can take I/O.</summary>
public enum PathState
{
    /// <summary>Not reached yet, or lost; the transport is trying.</summary>
    Down,

    /// <summary>Connected: I/O is possible.</summary>
    Up,

    /// <summary>Reached, but it is not the volume it should be, or was stopped.</summary>
    Refused,
}

/// <summary>Who hears of a path's coming and going. On the path's loop.</summary>
public interface IPathObserver
{
    /// <summary>The state has changed; <paramref name="reason"/> is for people.</summary>
    void OnPathState(PathDevice path, PathState state, string reason);
}

/// <summary>
/// A path to the storage: a request-based device whose driver is a transport. One loop's; I/O that
/// comes while it is down fails at once with a path error, so that another path can be chosen.
/// </summary>
public abstract class PathDevice : BlockDevice, IQueueDriver, IDisposable
{
    /// <summary>
    /// Of a path that was never reached: it may have anything, so nothing is refused for want of
    /// it, and no flush or FUA is taken to mean nothing. All I/O fails as on any path that is down.
    /// </summary>
    private static readonly QueueLimits Unknown = new()
    {
        WriteCache = true,
        Fua = true,
        MaxDiscardBytes = long.MaxValue,
        MaxWriteZeroesBytes = long.MaxValue,
    };

    private PathState _state;
    private QueueLimits? _limits;
    private IReadOnlyList<QueueLimits>? _promised;
    private long _neededBytes;
    private long _sizeBytes;

    protected PathDevice(IoLoop loop, string name, string uri, QueueOptions options)
        : base(name)
    {
        Loop = loop;
        Uri = uri;
        Queue = new RequestQueue(loop, this, Unknown, options);
    }

    /// <summary>How it was given, without secrets.</summary>
    public string Uri { get; }

    public IoLoop Loop { get; }

    public IPathObserver? Observer { get; set; }

    public PathState State => _state;

    /// <summary>Times that it was lost: what its server had in a cache may be lost, too.</summary>
    public long Losses { get; private set; }

    /// <summary>Why it is not up; empty when it is.</summary>
    public string Problem { get; private set; } = "not started";

    /// <summary>What people should know about it although it works; empty when nothing.</summary>
    public string Remark { get; protected set; } = "";

    public override long SizeBytes => _sizeBytes;

    public override QueueLimits Limits => Queue.Limits;

    public override bool HasLimits => _limits is not null;

    public override RequestQueue Queue { get; }

    public override BlockStatistics Statistics => Queue.Statistics;

    /// <summary>As the kernel has it, known only to some drivers.</summary>
    public virtual bool IsBusy => Queue.Tags.IsExhausted;

    /// <summary>
    /// Who has the storage serve I/O by this path; set by whoever knows its kind, before a table
    /// uses the path. Null for storage that needs nobody.
    /// </summary>
    public IHardwareHandler? Handler { get; set; }

    public override IHardwareHandler? HardwareHandler => Handler;

    public override string? AttachHandler(string name) =>
        Handler is null ? base.AttachHandler(name) : null;

    /// <summary>Begins to connect, and from then on keeps trying.</summary>
    public abstract void Start();

    /// <summary>No other path works: one that waits before it connects again waits less.</summary>
    public virtual void Hurry()
    {
        // Most are up or not, and have nothing to wait for.
    }

    /// <summary>Ends all I/O with a path error and stays down.</summary>
    public abstract void Stop();

    public abstract BlockStatus QueueRequest(Request request);

    public override void Submit(Bio bio)
    {
        if (!Refuse(bio)) Queue.Submit(bio);
    }

    /// <summary>
    /// The size that the volume must have, when it is known before the path was ever reached.
    /// </summary>
    public void ExpectSize(long bytes)
    {
        if (_sizeBytes == 0) _sizeBytes = bytes;
    }

    /// <summary>
    /// What the maps above have promised to their clients: the path is refused while it cannot do
    /// that, even when it was never reached before. Without this it is what the path could do at
    /// first. Of a path that no map uses nothing is asked, not even its size.
    /// </summary>
    /// <param name="limits">Of each map that uses it.</param>
    /// <param name="neededBytes">How far into the path they reach.</param>
    public void Promise(IReadOnlyList<QueueLimits> limits, long neededBytes) =>
        (_promised, _neededBytes) = (limits, neededBytes);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);

    /// <summary>
    /// The transport has reached the storage. Up if it is the same volume as before and can do what
    /// was promised above; refused, with the reason, if not.
    /// </summary>
    protected bool Reached(long sizeBytes, QueueLimits limits)
    {
        if (Misfit(sizeBytes, limits) is { } misfit)
        {
            SetState(PathState.Refused, misfit);
            return false;
        }
        _sizeBytes = sizeBytes;
        _promised ??= [limits];
        // While it was down it took no request that could exceed them.
        _limits = Queue.Limits = limits;
        SetState(PathState.Up, "connected");
        return true;
    }

    /// <summary>The transport has lost, or not reached, the storage.</summary>
    protected void Lost(string reason) => SetState(PathState.Down, reason);

    private string? Misfit(long sizeBytes, QueueLimits limits)
    {
        if (_promised is { Count: 0 }) return null;
        if (_sizeBytes != 0 && sizeBytes != _sizeBytes)
            return $"its size is {sizeBytes} bytes, not {_sizeBytes}";
        if (sizeBytes < _neededBytes)
            return $"its size is {sizeBytes} bytes, of which {_neededBytes} are mapped";
        string how = HasLimits ? "it has come back as another" : "it can do less than others";
        foreach (QueueLimits promised in _promised ?? [])
            if (promised.Exceeds(limits) is { } problem)
                return $"{how}: {problem}{Remedy(promised, limits)}";
        return null;
    }

    /// <summary>
    /// A map that was made before it knew this path promises no more than it is told to.
    /// </summary>
    private static string Remedy(QueueLimits promised, QueueLimits limits)
    {
        int block = Math.Max(promised.LogicalBlockSize, limits.LogicalBlockSize);
        long bytes = Math.Min(promised.MaxBytes, limits.MaxBytes);
        QueueLimits told = promised with { LogicalBlockSize = block, MaxBytes = bytes };
        if (told == promised || told.Exceeds(limits) is not null) return "";
        string words = block == promised.LogicalBlockSize ? "" : $" --min-block {block}";
        if (bytes < promised.MaxBytes) words += $" --max-request {bytes}";
        return $"; start with{words}";
    }

    private void SetState(PathState state, string words)
    {
        // They may be a server's.
        string reason = PlainText.OneLine(words);
        string problem = state == PathState.Up ? "" : reason;
        if (_state == state && Problem == problem) return;
        if (_state == PathState.Up) Losses++;
        _state = state;
        Problem = problem;
        Observer?.OnPathState(this, state, reason);
    }
}
