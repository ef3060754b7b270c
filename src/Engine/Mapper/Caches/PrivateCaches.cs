// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;

namespace Braid.Mapper;

/// <summary>
/// Paths whose servers have volatile caches of their own (write_cache private). What was
/// acknowledged is kept until the path that took it was flushed, and written again on another when
/// that path's cache may be lost. A flush of the map ends when nothing is kept any more that it
/// covers. One for each mapped device, whatever its tables; on its loop. While the paths share one
/// cache there is none of it.
/// </summary>
internal sealed partial class PrivateCaches
{
    /// <summary>Pieces that are written again at the same time.</summary>
    public const int Replays = 8;

    /// <summary>One more: the next begins before the tag of the last is free.</summary>
    public const int ReservedTags = Replays + 1;

    private readonly RequestMapper _mapper;
    private readonly RequestQueue _queue;
    private readonly KeptWrites _kept;
    private readonly Dictionary<RequestQueue, PathCache> _caches = [];
    private readonly Replay[] _replays = new Replay[Replays];
    private readonly FlushWait[] _flushes;
    private readonly Queue<Request> _flushed = new();

    /// <summary>Flushes that wait, with some that are no more.</summary>
    private readonly List<Request> _waiting = [];
    private readonly EndTask _task;

    /// <summary>Writes at the paths; no two of them overlap.</summary>
    private readonly List<Request> _writes = [];

    /// <summary>By tag: how the write was sent.</summary>
    private readonly CacheMode[] _modes;

    /// <summary>By tag: losses when the read was sent; -1 when it is to be read again.</summary>
    private readonly long[] _readAt;
    private long _losses;
    private long _failures;
    private BlockStatus _failure = BlockStatus.IoError;

    /// <summary>Where the search for lost writes goes on.</summary>
    private long _cursor;
    private bool _isPaused = true;

    /// <summary>A replay has failed: they go on when something has changed.</summary>
    private bool _isStalled;
    private bool _writeWaits;

    public PrivateCaches(RequestMapper mapper, RequestQueue queue, long limitBytes)
    {
        _mapper = mapper;
        _queue = queue;
        _kept = new KeptWrites(limitBytes);
        int tags = queue.Tags.Depth;
        _flushes = new FlushWait[tags];
        _modes = new CacheMode[tags];
        _readAt = new long[tags];
        _task = new EndTask(this);
        for (int i = 0; i < Replays; i++) _replays[i] = new Replay(this);
    }

    public KeptWrites Kept => _kept;

    /// <summary>Counts what has got into caches.</summary>
    public long Landed => _kept.Landed;

    /// <summary>Pieces that were written again.</summary>
    public long Replayed { get; private set; }

    /// <summary>
    /// Before a request is mapped. False: it was dealt with, and this is the driver's word.
    /// </summary>
    public bool Admits(Request request, out BlockStatus verdict)
    {
        verdict = BlockStatus.Ok;
        if (request.Operation == BlockOperation.Flush)
        {
            verdict = Flush(request);
            return false;
        }
        if (!request.IsWrite) return true;
        if (ReplayOf(request) is { } replay && !replay.IsCurrent(_kept, request))
        {
            verdict = BlockStatus.Again;
            return false;
        }
        if (ReplayOf(request) is null && IsAwaited(request))
        {
            _queue.Requeue(request, 0, RequestMapper.DelayRequeueNs, HoldReason.Cache);
            return false;
        }
        if (!OverlapsWrite(request)) return true;
        // The order of two in flight would be the storage's secret: which bytes to keep?
        _writeWaits = true;
        _queue.Requeue(request, 0, RequestQueue.UntilKicked, HoldReason.Overlap);
        return false;
    }

    /// <summary>A request is about to be sent to a path.</summary>
    public void Sending(Request origin, Request clone)
    {
        if (!origin.IsWrite)
        {
            _readAt[origin.Tag] = _losses;
            return;
        }
        _writes.Add(origin);
        _kept.Contest(origin.Offset, origin.End, isContested: true);
        CacheMode mode = ModeOf(origin, clone);
        _modes[origin.Tag] = mode;
        bool isDurable = mode == CacheMode.Durable && clone.Queue.Limits.WriteCache;
        if (isDurable) clone.MakeDurable();
    }

    /// <summary>It was not sent after all.</summary>
    public void NotSent(Request origin)
    {
        if (!origin.IsWrite) return;
        if (_modes[origin.Tag] == CacheMode.Keep) _kept.Unreserve(origin.Length);
        Leave(origin);
    }

    /// <summary>
    /// A clone has ended; called before its bios do. What may be told of it is changed: a read that
    /// may have seen a lost cache is done again, a write may have to be flushed first.
    /// </summary>
    public void Ended(
        Request origin, RequestQueue path, BlockStatus status, ref long done,
        ref EndIoResult result)
    {
        if (origin.IsWrite) EndWrite(origin, path, status, ref done, ref result);
        else if (origin.Operation == BlockOperation.Read) EndRead(origin, ref done, ref result);
        else if (origin.Operation == BlockOperation.Extents) EndExtents(origin);
    }

    /// <summary>A path of the live table has failed or was reinstated.</summary>
    public void OnPathChanged(RequestQueue path, bool isActive)
    {
        if (!isActive)
        {
            if (_caches.TryGetValue(path, out PathCache? cache)) Lose(cache);
            return;
        }
        _isStalled = false;
        Pump();
    }

    /// <summary>Another table is live: paths that are not in it any more are lost.</summary>
    public void SetTable(Table table)
    {
        var paths = new HashSet<RequestQueue?>(table.Devices.Select(device => device.Queue));
        foreach ((RequestQueue path, PathCache cache) in _caches.ToArray())
        {
            if (paths.Contains(path)) continue;
            _caches.Remove(path);
            Lose(cache);
        }
        _kept.Drop(table.SizeBytes, long.MaxValue);
    }

    /// <summary>Nothing is sent to the targets any more.</summary>
    public void Pause() => _isPaused = true;

    public void Resume()
    {
        _isPaused = _isStalled = false;
        Pump();
    }

    public void Release()
    {
        _kept.Drop(0, long.MaxValue);
        foreach (Replay replay in _replays) replay.Release();
    }

    private Replay? ReplayOf(Request request) =>
        (request.Flags & BioFlags.Replay) != 0 && request.FirstBio?.Owner is Replay replay
        && replay.Caches == this
            ? replay
            : null;

    private bool OverlapsWrite(Request request)
    {
        foreach (Request write in _writes)
            if (write.Offset < request.End && write.End > request.Offset) return true;
        return false;
    }

    /// <summary>Flushes that have nothing to wait for: a driver may not complete at once.</summary>
    private void EndFlushes()
    {
        while (_flushed.TryDequeue(out Request? flush)) _queue.Complete(flush, BlockStatus.Ok);
    }

    private sealed class EndTask(PrivateCaches caches) : TurnTask
    {
        protected override void RunTask() => caches.EndFlushes();
    }
}
