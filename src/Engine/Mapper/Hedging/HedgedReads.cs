// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;

namespace Braid.Mapper;

/// <summary>
/// Reads that have waited longer than a percentile of their path are sent on a second one; the
/// first answer wins. Hedging changes when a read ends and never how: a hedge that fails is
/// forgotten, unless the first clone has failed, too. One for each mapped device that wants it,
/// whatever its tables; on its loop.
/// </summary>
/// <remarks>
/// No read returns less than was acknowledged before it began: both clones are sent after that, and
/// all paths lead to the same bytes. The winner's bytes are those of one answer, whole. The loser
/// writes into memory of the hedge's from the moment at which the read ends, however late it comes,
/// and its answer is not looked at; so whose memory it was may write there, or read, what is newer.
/// </remarks>
internal sealed unsafe class HedgedReads
{
    public const int None = -1;

    /// <summary>
    /// Longer reads are left alone: how long they take says more of them than of their path.
    /// </summary>
    public const long MaxReadBytes = 256 << 10;

    /// <summary>Memory of all hedges together; touched when used.</summary>
    public const long MemoryBytes = 16 << 20;

    /// <summary>Hedges out, the late ones included.</summary>
    private const int MaxHedges = 256;

    private readonly RequestMapper _mapper;
    private readonly RequestQueue _queue;
    private readonly double _percentile;
    private readonly HedgeShare _share;
    private readonly List<HedgePath> _paths = [];
    private readonly WatchedRead[] _reads;
    private readonly Stack<Hedge> _free = new();
    private readonly BufferPool _memory;
    private readonly LoopTimer _timer;
    private Action? _whenNoneIsLate;
    private bool _isPaused = true;

    /// <summary>Something is due, and nothing is left of the share.</summary>
    private bool _isShort;

    /// <param name="mapper">Sends the hedges and ends the reads.</param>
    /// <param name="queue">The map's.</param>
    /// <param name="options">When, and how many.</param>
    /// <param name="memory">Of the hedges; owned from now on.</param>
    public HedgedReads(
        RequestMapper mapper, RequestQueue queue, HedgeOptions options, BufferPool memory)
    {
        _memory = memory;
        _mapper = mapper;
        _queue = queue;
        _percentile = options.Percentile;
        _share = new HedgeShare(options.SharePercent);
        _reads = new WatchedRead[queue.Tags.Depth];
        _timer = queue.Loop.CreateTimer(SendDue);
        int hedges = Math.Min(MaxHedges, queue.Tags.Depth);
        for (int i = 0; i < hedges; i++) _free.Push(new Hedge(this));
    }

    public HedgeCounters Counters { get; } = new();

    /// <summary>A clone of a read is at its path.</summary>
    public void Watch(Request origin, Request clone)
    {
        if (clone.Length > MaxReadBytes || !clone.Queue.Driver.CanAbandon) return;
        HedgePath path = PathOf(clone.Queue);
        _reads[origin.Tag] = new WatchedRead
        {
            Clone = clone,
            Path = path,
            SentNs = _queue.Loop.NowNs,
        };
        AddLast(path, origin.Tag);
        _share.Earn();
        if (_isShort && !_share.IsSpent) SendDue();
        else if (!_isShort) ArmFor(DueNs(path, origin.Tag));
    }

    /// <summary>
    /// The first clone of a read has ended. True when the read goes on, with its hedge alone.
    /// </summary>
    public bool GoesOn(Request origin, BlockStatus status)
    {
        ref WatchedRead read = ref _reads[origin.Tag];
        if (read.Clone is null) return false;
        if (status == BlockStatus.Ok) read.Path!.Times.Add(_queue.Loop.NowNs - read.SentNs);
        if (_isShort && read.IsListed && IsDue(read.Path!, origin.Tag)) Counters.Denied++;
        if (read.Hedge is { } hedge && status.IsPathError())
        {
            hedge.IsAlone = true;
            return true;
        }
        if (read.Hedge is not null) BeLate(read.Hedge);
        Forget(origin);
        return false;
    }

    /// <summary>A hedge is back, or the first clone that it has taken the place of.</summary>
    public void OnClone(Hedge hedge, Request clone, BlockStatus status)
    {
        long tookNs = _queue.Loop.NowNs - hedge.Io.StartNs;
        EndIoResult result = _mapper.EndIo(hedge.Io, ref status);
        RequestQueue path = clone.Queue;
        path.Free(clone);
        if (status == BlockStatus.Ok) PathOf(path).Times.Add(tookNs);
        if (hedge.Origin is not { } origin) EndLate(hedge);
        else if (status == BlockStatus.Ok) Win(hedge, origin, path);
        else if (hedge.IsAlone) Fail(hedge, origin, path, status, result);
        else Drop(hedge, origin);
    }

    /// <summary>Another table is live; nothing is under way.</summary>
    public void SetTable(Table table)
    {
        for (int i = _paths.Count - 1; i >= 0; i--)
            if (!Uses(table, _paths[i].Queue)) _paths.RemoveAt(i);
    }

    /// <summary>Nothing more is sent to the targets.</summary>
    public void Pause()
    {
        _isPaused = true;
        _timer.Cancel();
    }

    public void Resume()
    {
        _isPaused = false;
        SendDue();
    }

    /// <summary>With no read under way: calls back when no late answer is, either.</summary>
    public void WhenNoneIsLate(Action callback)
    {
        Invariant.That(_whenNoneIsLate is null);
        if (Counters.Late == 0) callback();
        else _whenNoneIsLate = callback;
    }

    /// <summary>The device is gone, with all that was under way.</summary>
    public void Release()
    {
        _timer.Cancel();
        if (_memory.InUse == 0) _memory.Dispose();
    }

    private static bool Uses(Table table, RequestQueue queue)
    {
        foreach (BlockDevice device in table.Devices)
            if (device.Queue == queue) return true;
        return false;
    }

    private HedgePath PathOf(RequestQueue queue)
    {
        // A map has few paths; the kernel's limit is for tables.
        for (int i = 0; i < _paths.Count; i++)
            if (_paths[i].Queue == queue) return _paths[i];
        var path = new HedgePath(queue, _percentile);
        _paths.Add(path);
        return path;
    }

    private long DueNs(HedgePath path, int tag)
    {
        long delayNs = path.Times.DelayNs;
        return delayNs == ReadTimes.Unknown ? long.MaxValue : _reads[tag].SentNs + delayNs;
    }

    private bool IsDue(HedgePath path, int tag) => DueNs(path, tag) <= _queue.Loop.NowNs;

    private void ArmFor(long dueNs)
    {
        if (_isPaused || dueNs == long.MaxValue) return;
        if (!_timer.IsArmed || _timer.DueNs > dueNs) _timer.Arm(dueNs - _queue.Loop.NowNs);
    }

    /// <summary>
    /// Sends what is due, oldest first, as far as the share goes; goes on when that has grown.
    /// </summary>
    private void SendDue()
    {
        _isShort = false;
        if (_isPaused) return;
        _timer.Cancel();
        for (int i = 0; i < _paths.Count && !_isShort; i++) SendDue(_paths[i]);
    }

    private void SendDue(HedgePath path)
    {
        while (path.First != None)
        {
            int tag = path.First;
            if (!IsDue(path, tag))
            {
                ArmFor(DueNs(path, tag));
                return;
            }
            if (_share.IsSpent)
            {
                _isShort = true;
                return;
            }
            // One chance: without a path or memory now, it waits as if there were no hedges.
            Remove(path, tag);
            if (TrySend(_queue.Tags[tag], ref _reads[tag])) _share.Spend();
        }
    }

    private bool TrySend(Request origin, ref WatchedRead read)
    {
        int length = (int)origin.Length;
        if (!_free.TryPeek(out Hedge? hedge)) return false;
        byte* data = _memory.TryAllocate(length);
        if (data is null) return false;
        hedge.Bio.Offset = origin.Offset;
        hedge.Bio.Length = length;
        hedge.Bio.Data = data;
        hedge.Origin = origin;
        hedge.IsAlone = false;
        _free.Pop();
        bool isSent = _mapper.SendHedge(origin, hedge);
        if (isSent) read.Hedge = hedge;
        else PutBack(hedge);
        if (isSent) Counters.Sent++;
        return isSent;
    }

    private void Win(Hedge hedge, Request origin, RequestQueue path)
    {
        Counters.Won++;
        Request? first = hedge.IsAlone ? null : _reads[origin.Tag].Clone;
        CopyTo(origin, hedge.Bio);
        Forget(origin);
        if (first is null)
        {
            PutBack(hedge);
        }
        else
        {
            hedge.Io = _mapper.ExchangeIo(origin, hedge.Io);
            // Before the read ends: then the memory may be anybody's.
            first.Queue.Abandon(first, hedge.Bio, hedge);
            BeLate(hedge);
        }
        _mapper.End(origin, path, BlockStatus.Ok, origin.Length, EndIoResult.Done);
    }

    private void Fail(
        Hedge hedge, Request origin, RequestQueue path, BlockStatus status, EndIoResult result)
    {
        Drop(hedge, origin);
        Forget(origin);
        _mapper.End(origin, path, status, 0, result);
    }

    /// <summary>The read goes on, or back, without it.</summary>
    private void Drop(Hedge hedge, Request origin)
    {
        _reads[origin.Tag].Hedge = null;
        PutBack(hedge);
    }

    private static void CopyTo(Request origin, Bio answer)
    {
        byte* from = answer.Data;
        foreach (RequestSegment part in new RequestSegments(origin, origin.Offset, origin.Length))
        {
            Buffer.MemoryCopy(from, part.Data, part.Length, part.Length);
            from += part.Length;
        }
    }

    private void BeLate(Hedge hedge)
    {
        hedge.Origin = null;
        Counters.Late++;
    }

    private void EndLate(Hedge hedge)
    {
        PutBack(hedge);
        if (--Counters.Late > 0 || _whenNoneIsLate is not { } callback) return;
        _whenNoneIsLate = null;
        callback();
    }

    private void PutBack(Hedge hedge)
    {
        hedge.Origin = null;
        _memory.Free(hedge.Bio.Data, (int)hedge.Bio.Length);
        _free.Push(hedge);
    }

    /// <summary>The read has ended, or is to be sent anew.</summary>
    private void Forget(Request origin)
    {
        ref WatchedRead read = ref _reads[origin.Tag];
        if (read.IsListed) Remove(read.Path!, origin.Tag);
        read = default;
    }

    private void AddLast(HedgePath path, int tag)
    {
        ref WatchedRead read = ref _reads[tag];
        read.IsListed = true;
        read.Next = None;
        read.Previous = path.Last;
        if (path.Last == None) path.First = tag;
        else _reads[path.Last].Next = tag;
        path.Last = tag;
    }

    private void Remove(HedgePath path, int tag)
    {
        ref WatchedRead read = ref _reads[tag];
        read.IsListed = false;
        if (read.Previous == None) path.First = read.Next;
        else _reads[read.Previous].Next = read.Next;
        if (read.Next == None) path.Last = read.Previous;
        else _reads[read.Next].Previous = read.Previous;
    }
}
