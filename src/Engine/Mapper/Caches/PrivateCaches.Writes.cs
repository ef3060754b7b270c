// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Mapper;

/// <summary>Writes and reads: what is kept, and who sees it.</summary>
internal sealed unsafe partial class PrivateCaches
{
    /// <summary>A write that was flushed after it had ended, by the word of the flush.</summary>
    public void EndWrite(Request write, BlockStatus status)
    {
        Leave(write);
        if (status == BlockStatus.Ok)
        {
            DropDurable(write.Offset, write.End);
            _queue.Complete(write, BlockStatus.Ok);
            return;
        }
        Lose(write.Offset, write.End);
        if (status.IsPathError()) _mapper.MapAgain(write);
        else _queue.Complete(write, status, 0);
    }

    /// <summary>
    /// Discards and writes of zeroes are not kept: they are made durable, as what passes the bound.
    /// </summary>
    private CacheMode ModeOf(Request origin, Request clone)
    {
        QueueLimits limits = clone.Queue.Limits;
        if (!limits.WriteCache) return CacheMode.Durable;
        if (ReplayOf(origin) is not null) return CacheMode.Replay;
        bool isKept = origin.Operation == BlockOperation.Write
            && (origin.Flags & BioFlags.Fua) == 0 && _kept.TryReserve(origin.Length);
        if (isKept) return CacheMode.Keep;
        return limits.Fua ? CacheMode.Durable : CacheMode.FlushAfter;
    }

    private void EndWrite(
        Request origin, RequestQueue path, BlockStatus status, ref long done,
        ref EndIoResult result)
    {
        CacheMode mode = _modes[origin.Tag];
        if (mode == CacheMode.Keep) _kept.Unreserve(origin.Length);
        if (mode == CacheMode.FlushAfter)
        {
            if (status == BlockStatus.Ok)
            {
                result = EndIoResult.Incomplete;
                CacheOf(path).FlushAfter(origin, _kept.NextLanded());
                return;
            }
            done = 0;
        }
        Leave(origin);
        if (done > 0) Acknowledge(origin, path, mode, origin.Offset + done);
        // It may have got into a cache that is lost, and have driven out there what is kept.
        if (done < origin.Length) Lose(origin.Offset + done, origin.End);
    }

    private void Acknowledge(Request origin, RequestQueue path, CacheMode mode, long end)
    {
        switch (mode)
        {
            case CacheMode.Keep:
                Keep(origin, end, CacheOf(path));
                // Its stale copy may yet land in another cache and drive it out of this one: it is
                // written again when no copy can land any more.
                if (origin.Stale is not null) Lose(origin.Offset, end);
                break;
            case CacheMode.Replay:
                Replayed++;
                _kept.Move(origin.Offset, end, CacheOf(path));
                ReadAgain(origin.Offset, end);
                break;
            case CacheMode.Durable:
            case CacheMode.FlushAfter:
            default:
                DropDurable(origin.Offset, end);
                break;
        }
    }

    private void Keep(Request origin, long end, PathCache cache)
    {
        KeptWrite write = _kept.Put(origin.Offset, end, cache);
        long at = origin.Offset;
        foreach (RequestSegment part in new RequestSegments(origin, at, end - at))
        {
            Buffer.MemoryCopy(part.Data, write.At(at), part.Length, part.Length);
            at += part.Length;
        }
    }

    private void EndRead(Request origin, ref long done, ref EndIoResult result)
    {
        if (_readAt[origin.Tag] == _losses)
        {
            Refresh(origin, origin.Offset + done);
            return;
        }
        done = 0;
        if (result == EndIoResult.Done) result = EndIoResult.Requeue;
    }

    /// <summary>
    /// What a lost cache held may be said to be a hole: nothing is said of a range where any of it
    /// is kept, which is always right.
    /// </summary>
    private void EndExtents(Request origin)
    {
        bool isSure = _readAt[origin.Tag] == _losses
            && _kept.SinceOf(origin.Offset, origin.End) == long.MaxValue;
        if (!isSure) origin.FirstBio!.ExtentCount = 0;
    }

    /// <summary>
    /// A server may be lost and nobody know it yet: what is kept is what must be read.
    /// </summary>
    private void Refresh(Request read, long end)
    {
        for (int i = _kept.IndexAt(read.Offset); i < _kept.All.Count; i++)
        {
            KeptWrite write = _kept.All[i];
            if (write.Begin >= end) break;
            long at = Math.Max(write.Begin, read.Offset);
            long length = Math.Min(write.End, end) - at;
            foreach (RequestSegment part in new RequestSegments(read, at, length))
            {
                Buffer.MemoryCopy(write.At(at), part.Data, part.Length, part.Length);
                at += part.Length;
            }
        }
    }

    private void DropDurable(long begin, long end)
    {
        if (_kept.Drop(begin, end)) ReadAgain(begin, end);
    }

    /// <summary>
    /// What is kept of a range may be durable soon, or is no more: a read under way may have missed
    /// it, and nothing would tell.
    /// </summary>
    private void ReadAgain(long begin, long end)
    {
        for (int tag = 0; tag < _readAt.Length; tag++)
        {
            Request read = _queue.Tags[tag];
            if (read.State == RequestState.InFlight && read.Offset < end && read.End > begin)
                _readAt[tag] = -1;
        }
    }

    private void Leave(Request write)
    {
        _writes.Remove(write);
        _kept.Contest(write.Offset, write.End, isContested: false);
        if (!_writeWaits) return;
        _writeWaits = false;
        _queue.KickRequeueList();
    }

    private PathCache CacheOf(RequestQueue path)
    {
        if (!_caches.TryGetValue(path, out PathCache? cache))
        {
            cache = new PathCache(this, path);
            _caches.Add(path, cache);
        }
        CheckLoss(cache);
        return cache;
    }
}
