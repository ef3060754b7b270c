// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Mapper;

/// <summary>
/// The kept writes of a map, by place: no two overlap, since a newer one drops the older bytes,
/// whatever path they went by. Bounded by the memory that they take.
/// </summary>
internal sealed class KeptWrites(long limitBytes)
{
    private readonly List<KeptWrite> _writes = [];

    public IReadOnlyList<KeptWrite> All => _writes;

    /// <summary>Memory that is taken.</summary>
    public long Bytes { get; private set; }

    /// <summary>Memory for writes that are on their way.</summary>
    public long Reserved { get; private set; }

    /// <summary>Writes acknowledged so far.</summary>
    public long Sequence { get; private set; }

    /// <summary>Counts what has got into caches.</summary>
    public long Landed { get; private set; }

    /// <summary>Room for a write that goes out; false where the bound would be passed.</summary>
    public bool TryReserve(long length)
    {
        long bytes = KeptBlock.SizeOf(length);
        if (Bytes + Reserved + bytes > limitBytes) return false;
        Reserved += bytes;
        return true;
    }

    /// <summary>Gives back what <see cref="TryReserve"/> has taken.</summary>
    public void Unreserve(long length)
    {
        Reserved -= KeptBlock.SizeOf(length);
        Invariant.That(Reserved >= 0);
    }

    public long NextLanded() => ++Landed;

    /// <summary>Keeps a write; the caller fills in its bytes.</summary>
    public KeptWrite Put(long begin, long end, PathCache cache)
    {
        long since = SinceOf(begin, end);
        Drop(begin, end);
        var block = new KeptBlock(end - begin);
        Bytes += block.Bytes;
        var write = new KeptWrite(block, begin, end, ++Sequence)
        {
            Cache = cache,
            Landed = NextLanded(),
        };
        write.Since = Math.Min(since, write.Since);
        _writes.Insert(IndexAt(begin), write);
        return write;
    }

    /// <summary>Forgets a range. Whether anything of it was kept.</summary>
    public bool Drop(long begin, long end)
    {
        int first = CutAt(begin);
        int last = CutAt(end);
        for (int i = first; i < last; i++) Free(_writes[i]);
        _writes.RemoveRange(first, last - first);
        return last > first;
    }

    /// <summary>
    /// All that had got into the cache by then is durable now, but where a newer write is under
    /// way.
    /// </summary>
    public void Settle(PathCache cache, long landed)
    {
        int left = 0;
        for (int i = 0; i < _writes.Count; i++)
        {
            KeptWrite write = _writes[i];
            if (write.Cache == cache && write.Landed <= landed && !write.IsContested) Free(write);
            else _writes[left++] = write;
        }
        _writes.RemoveRange(left, _writes.Count - left);
    }

    /// <summary>A cache is gone. Whether anything was in it.</summary>
    public bool Lose(PathCache cache)
    {
        bool any = false;
        foreach (KeptWrite write in _writes)
        {
            if (write.Cache != cache) continue;
            write.Cache = null;
            any = true;
        }
        return any;
    }

    /// <summary>
    /// No cache is sure to hold the range any more. Whether anything of it was kept.
    /// </summary>
    public bool Lose(long begin, long end)
    {
        bool any = false;
        for (int i = IndexAt(begin); i < _writes.Count && _writes[i].Begin < end; i++)
        {
            any |= _writes[i].Cache is not null;
            _writes[i].Cache = null;
        }
        return any;
    }

    /// <summary>A range was written again, into that cache.</summary>
    public void Move(long begin, long end, PathCache cache)
    {
        int first = CutAt(begin);
        int last = CutAt(end);
        for (int i = first; i < last; i++)
        {
            _writes[i].Cache = cache;
            _writes[i].Landed = NextLanded();
        }
    }

    /// <summary>
    /// Where the next piece begins that is to be written again, at a place or behind it; -1 for
    /// none. It is cut so that it ends within the length.
    /// </summary>
    /// <param name="from">Where to look.</param>
    /// <param name="length">The longest piece; what is there.</param>
    public long NextLost(long from, ref long length)
    {
        int i = IndexAt(from);
        while (i < _writes.Count && (_writes[i].Cache is not null || _writes[i].IsReplaying)) i++;
        if (i == _writes.Count) return -1;
        long begin = _writes[i].Begin;
        long end = begin;
        for (; i < _writes.Count && end - begin < length; i++)
        {
            KeptWrite write = _writes[i];
            if (write.Begin != end || write.Cache is not null || write.IsReplaying) break;
            end = write.End;
        }
        length = Math.Min(length, end - begin);
        CutAt(begin + length);
        return begin;
    }

    /// <summary>
    /// Whether a range is still kept as a whole, is in no cache, and was not written since.
    /// </summary>
    public bool IsLost(long begin, long end, long sequence)
    {
        long at = begin;
        for (int i = IndexAt(begin); i < _writes.Count && at < end; i++)
        {
            KeptWrite write = _writes[i];
            if (write.Begin > at || write.Cache is not null) return false;
            if (write.Sequence > sequence) return false;
            at = write.End;
        }
        return at >= end;
    }

    /// <summary>A newer write to the range is under way, or is no more.</summary>
    public void Contest(long begin, long end, bool isContested)
    {
        int first = CutAt(begin);
        int last = CutAt(end);
        for (int i = first; i < last; i++) _writes[i].IsContested = isContested;
    }

    /// <summary>The oldest write to the range that may not be durable yet.</summary>
    public long SinceOf(long begin, long end)
    {
        long since = long.MaxValue;
        for (int i = IndexAt(begin); i < _writes.Count && _writes[i].Begin < end; i++)
            since = Math.Min(since, _writes[i].Since);
        return since;
    }

    public void Mark(long begin, long end, bool isReplaying)
    {
        for (int i = IndexAt(begin); i < _writes.Count && _writes[i].Begin < end; i++)
            _writes[i].IsReplaying = isReplaying;
    }

    /// <summary>The first that ends behind an offset.</summary>
    public int IndexAt(long offset)
    {
        int low = 0;
        int high = _writes.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_writes[middle].End > offset) high = middle;
            else low = middle + 1;
        }
        return low;
    }

    /// <summary>Has no write reach over an offset. The first at it or behind it.</summary>
    public int CutAt(long offset)
    {
        int index = IndexAt(offset);
        if (index == _writes.Count || _writes[index].Begin >= offset) return index;
        _writes.Insert(index + 1, _writes[index].CutAt(offset));
        return index + 1;
    }

    private void Free(KeptWrite write)
    {
        if (write.Block.Release()) Bytes -= write.Block.Bytes;
    }
}
