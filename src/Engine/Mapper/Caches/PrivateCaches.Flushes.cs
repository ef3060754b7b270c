// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;

namespace Braid.Mapper;

/// <summary>Flushes, and what must come before them: what lost caches held.</summary>
internal sealed partial class PrivateCaches
{
    /// <summary>
    /// The flush of a path has ended. On an error its cache is not to be trusted, whatever follows.
    /// </summary>
    public void OnFlushed(PathCache cache, RequestQueue path, long covered, BlockStatus status)
    {
        if (status == BlockStatus.Ok)
        {
            _kept.Settle(cache, covered);
        }
        else
        {
            if (!status.IsPathError()) Fail(status);
            Lose(cache);
            if (status.IsPathError()) _mapper.FailPath(path);
        }
        _queue.KickRequeueList();
    }

    /// <summary>A replay has ended; Again: something newer was written there.</summary>
    public void EndReplay(Replay replay, BlockStatus status)
    {
        _kept.Mark(replay.Bio.Offset, replay.Bio.End, isReplaying: false);
        if (status is not (BlockStatus.Ok or BlockStatus.Again))
        {
            _isStalled = true;
            Fail(status);
        }
        Pump();
        _queue.KickRequeueList();
    }

    /// <summary>Whether a path was lost since it was looked at last.</summary>
    public bool CheckLoss(PathCache cache)
    {
        if (!cache.TakeLoss()) return false;
        Lose(cache);
        return true;
    }

    /// <summary>
    /// A flush waits in the queue, and not at the targets: a suspend need not wait for it.
    /// </summary>
    private BlockStatus Flush(Request flush)
    {
        bool hasWaited = _waiting.Remove(flush);
        ref FlushWait wait = ref _flushes[flush.Tag];
        wait.Begin(flush, _kept.Sequence, _failures);
        bool isDone = !Want(wait.Covers);
        bool hasFailed = wait.Failures != _failures;
        // Writes have waited for it.
        if (hasWaited && (isDone || hasFailed)) _queue.KickRequeueList();
        if (isDone)
        {
            _flushed.Enqueue(flush);
            _queue.Loop.Schedule(_task, TurnPhase.Dispatch);
            return BlockStatus.Ok;
        }
        if (hasFailed) return _failure;
        _waiting.Add(flush);
        _queue.Requeue(flush, 0, RequestQueue.UntilKicked, HoldReason.Cache);
        foreach (PathCache cache in _caches.Values.ToArray())
            if (cache.IsWanted) cache.Flush();
        _isStalled = false;
        Pump();
        return BlockStatus.Ok;
    }

    /// <summary>Whether anything is kept that a flush covers; its caches are marked.</summary>
    private bool Want(long covers)
    {
        bool any = false;
        foreach (KeptWrite write in _kept.All)
        {
            if (write.Since > covers) continue;
            any = true;
            if (write.IsContested) _writeWaits = true;
            else if (write.Cache is { } cache) cache.IsWanted = true;
        }
        return any;
    }

    /// <summary>
    /// A flush waits for what is kept where a write would go: written again and again on one path
    /// after the other it would never be durable. A retry is not held up: its stale copy would
    /// hold up what is to be written again.
    /// </summary>
    private bool IsAwaited(Request write)
    {
        if (_waiting.Count == 0 || write.Stale is not null) return false;
        long since = _kept.SinceOf(write.Offset, write.End);
        for (int i = _waiting.Count - 1; i >= 0; i--)
        {
            Request flush = _waiting[i];
            FlushWait wait = _flushes[flush.Tag];
            if (flush.State != RequestState.Queued || !wait.IsOf(flush)) _waiting.RemoveAt(i);
            else if (since <= wait.Covers) return true;
        }
        return false;
    }

    private void Lose(PathCache cache)
    {
        if (_kept.Lose(cache)) OnLost();
    }

    private void Lose(long begin, long end)
    {
        if (_kept.Lose(begin, end)) OnLost();
    }

    private void OnLost()
    {
        _losses++;
        Pump();
        _queue.KickRequeueList();
    }

    /// <summary>
    /// Flushes that wait fail with it; but not with what would have the queue try again.
    /// </summary>
    private void Fail(BlockStatus status)
    {
        _failures++;
        _failure = status.IsPathError() ? BlockStatus.IoError : status;
    }

    /// <summary>Sends what is to be written again, as far as there are replays.</summary>
    private void Pump()
    {
        if (_isPaused || _isStalled) return;
        foreach (Replay replay in _replays)
        {
            if (replay.IsRunning) continue;
            if (!TryTakeLost(replay)) return;
            if (_queue.TrySubmitReserved(replay.Bio)) continue;
            Invariant.Broken("a replay has no tag");
        }
    }

    private bool TryTakeLost(Replay replay)
    {
        long length = LongestReplay();
        long begin = _kept.NextLost(_cursor, ref length);
        if (begin < 0)
        {
            length = LongestReplay();
            begin = _kept.NextLost(0, ref length);
        }
        if (begin < 0) return false;
        length = WithinBorder(begin, length);
        _kept.CutAt(begin + length);
        replay.Take(_kept, begin, length);
        _kept.Mark(begin, begin + length, isReplaying: true);
        _cursor = begin + length;
        return true;
    }

    private long LongestReplay() => Math.Min(Replay.MaxBytes, _queue.Limits.MaxBytes);

    private long WithinBorder(long begin, long length)
    {
        long border = _queue.Limits.BoundaryBytes;
        return border > 0 ? Math.Min(length, border - (begin % border)) : length;
    }
}
