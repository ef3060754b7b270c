// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;

namespace Braid.Tests.Simulation;

/// <summary>
/// What each block may hold, as far as its users can know: a value is possible from the beginning
/// of its write until another write, that began when this one was over, has been acknowledged. A
/// write that is under way, or has failed, may be done at any time, and more than once: that is
/// what a retry is. Time is a count of events, so that no two are at the same time.
/// </summary>
/// <remarks>
/// A value that is gone is not forgotten until a flush that began later was acknowledged: until
/// then the storage may lose its cache, and have it back. With private caches the daemon keeps what
/// it has acknowledged, and such a value does not come back while it lives. One that only a write
/// has replaced that was not acknowledged may, even after a flush: nobody has flushed that write.
/// What a lost cache has taken may come back by a late copy of its write, which no flush covers;
/// but never over a write that began after it and was acknowledged: that is the shield's to keep.
/// </remarks>
internal sealed class BlockHistory
{
    private readonly List<BlockValue>[] _values;
    private readonly int[] _readers;
    private readonly List<WriteRecord> _failed = [];
    private readonly HashSet<int> _unflushed = [];

    /// <summary>Values that a lost cache has taken, of each block.</summary>
    private readonly Dictionary<int, List<BlockValue>> _lost = [];

    /// <summary>When the newest write of each block began that was acknowledged.</summary>
    private readonly long[] _newest;
    private readonly bool _isVolatile;
    private readonly bool _isPrivate;

    /// <param name="blocks">Blocks in all; they read as zeroes.</param>
    /// <param name="isVolatile">The storage has a cache that it may lose.</param>
    /// <param name="isPrivate">It has several, and a flush is not for all of them.</param>
    public BlockHistory(int blocks, bool isVolatile, bool isPrivate = false)
    {
        _isVolatile = isVolatile;
        _isPrivate = isPrivate;
        _readers = new int[blocks];
        _newest = new long[blocks];
        _values = new List<BlockValue>[blocks];
        var zero = new WriteRecord(Stamp.Zero, 0, isDiscard: false)
        {
            End = 0, IsAcknowledged = true,
        };
        for (int i = 0; i < blocks; i++) _values[i] = [new BlockValue(zero)];
    }

    /// <summary>The time.</summary>
    public long Now { get; private set; }

    public int Blocks => _values.Length;

    /// <summary>Something happens: its time.</summary>
    public long Tick() => ++Now;

    /// <summary>A write, discard or write of zeroes goes out.</summary>
    public WriteRecord BeginWrite(int first, int count, ulong stamp, bool isDiscard)
    {
        var write = new WriteRecord(stamp, Tick(), isDiscard);
        for (int block = first; block < first + count; block++)
            _values[block].Add(new BlockValue(write));
        return write;
    }

    /// <summary>It was acknowledged.</summary>
    public void Acknowledge(WriteRecord write, int first, int count, bool isDurable)
    {
        write.End = Tick();
        write.IsAcknowledged = true;
        // Of a discarded range nothing is said: it may hold what it has held.
        if (write.IsDiscard) return;
        for (int block = first; block < first + count; block++)
        {
            _newest[block] = Math.Max(_newest[block], write.Start);
            foreach (BlockValue value in _values[block])
                if (value.Write != write && value.End < write.Start)
                    Drop(value, block, isDurable, isSure: true);
            Forget(block);
        }
    }

    /// <summary>
    /// A server has done a write that its client had given up: what a lost cache had taken of it is
    /// there again.
    /// </summary>
    public void CameLate(int block, ulong stamp)
    {
        long now = Tick();
        if (!_lost.TryGetValue(block, out List<BlockValue>? lost)) return;
        BlockValue? value = lost.FindLast(
            value => value.Write.Stamp == stamp && value.Write.End >= _newest[block]);
        if (value is null) return;
        lost.Remove(value);
        value.ComeBack(now);
        if (!_values[block].Contains(value)) _values[block].Add(value);
    }

    /// <summary>It has failed, or nobody will ever know: it may be done at any time.</summary>
    public void Fail(WriteRecord write)
    {
        Tick();
        _failed.Add(write);
    }

    /// <summary>A read goes out; its time is for <see cref="EndRead"/>.</summary>
    public long BeginRead(int first, int count)
    {
        for (int block = first; block < first + count; block++) _readers[block]++;
        return Tick();
    }

    /// <summary>A read has failed: it says nothing.</summary>
    public void AbandonRead(int first, int count)
    {
        for (int block = first; block < first + count; block++) EndReader(block);
    }

    /// <summary>A read has found these bytes. What is wrong with them; null when nothing.</summary>
    public string? EndRead(long start, int first, int count, ReadOnlySpan<byte> bytes)
    {
        Tick();
        string? problem = null;
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> found = bytes.Slice(i * Stamp.BlockBytes, Stamp.BlockBytes);
            problem ??= Check(start, first + i, found);
            EndReader(first + i);
        }
        return problem;
    }

    /// <summary>
    /// A query has found blocks that read as zeroes. What is wrong with that; null when nothing.
    /// </summary>
    public string? EndQuery(long start, int first, bool[] zeroes)
    {
        Tick();
        string? problem = null;
        Span<byte> zero = stackalloc byte[Stamp.BlockBytes];
        zero.Clear();
        for (int i = 0; i < zeroes.Length; i++)
        {
            if (zeroes[i]) problem ??= Check(start, first + i, zero);
            EndReader(first + i);
        }
        return problem;
    }

    /// <summary>
    /// A flush that began at a time was acknowledged: what was gone then stays so.
    /// </summary>
    public void Flushed(long start)
    {
        Tick();
        foreach (int block in _unflushed.ToArray())
        {
            bool isLeft = false;
            foreach (BlockValue value in _values[block])
            {
                if (value.Gone <= start && (value.IsReplaced || !_isPrivate))
                    value.IsForgotten = true;
                else isLeft |= value.IsGone;
            }
            if (!isLeft) _unflushed.Remove(block);
            Forget(block);
        }
    }

    /// <summary>
    /// The storage has lost a cache: what was not flushed may be anything again.
    /// </summary>
    /// <param name="isKept">But what was acknowledged is known to somebody who lives.</param>
    public void CacheLost(bool isKept)
    {
        long now = Tick();
        foreach (List<BlockValue> values in _values)
        {
            foreach (BlockValue value in values)
            {
                if (value.IsForgotten) continue;
                // What is there is written again, or was never acknowledged.
                if (isKept && (value.IsReplaced || !value.IsGone)) continue;
                value.ComeBack(now);
            }
        }
        if (!isKept) _unflushed.Clear();
    }

    /// <summary>Nothing is under way anywhere: what has failed is not done any more.</summary>
    public void Quiet()
    {
        long now = Tick();
        foreach (WriteRecord write in _failed) write.End = now;
        _failed.Clear();
        _lost.Clear();
    }

    public string Describe(int block)
    {
        var text = new StringBuilder();
        foreach (BlockValue value in _values[block])
            text.Append(CultureInfo.InvariantCulture, $"\n    {value}");
        return text.ToString();
    }

    private string? Check(long start, int block, ReadOnlySpan<byte> bytes)
    {
        ulong stamp = Stamp.Read(bytes, block);
        bool isPossible = false;
        bool isSure = true;
        foreach (BlockValue value in _values[block])
        {
            if (value.Gone <= start || !MayBe(value, stamp)) continue;
            isPossible = true;
            isSure &= value.Write.IsAcknowledged && !IsWild(value);
        }
        if (!isPossible)
        {
            string what = stamp == Stamp.Torn ? $"torn bytes {Head(bytes)}" : $"write {stamp}";
            return $"block {block} holds {what}, read from {start} to {Now}; possible are:"
                + Describe(block);
        }
        // It held this, so what was over before is not there any more.
        foreach (BlockValue value in _values[block])
            // A discard is a wish: a late copy of it may be granted when the retry was not.
            if (value.Write.Stamp != stamp && value.End < start && !value.Write.IsDiscard)
                Drop(value, block, !_isVolatile, isSure);
        return null;
    }

    private bool MayBe(BlockValue value, ulong stamp) =>
        value.Write.Stamp == stamp || (IsWild(value) && stamp != Stamp.Torn);

    /// <summary>
    /// After a discard nothing is to be relied on until it is overwritten (NBD proto, TRIM): one
    /// that its server has ignored leaves in its cache what nobody needs to keep.
    /// </summary>
    private bool IsWild(BlockValue value) => _isPrivate && value.Write.IsDiscard;

    private static string Head(ReadOnlySpan<byte> bytes) =>
        $"{Convert.ToHexString(bytes[..24])}...{Convert.ToHexString(bytes[^8..])}";

    private void Drop(BlockValue value, int block, bool isDurable, bool isSure)
    {
        if (!value.IsGone) value.Gone = Now;
        if (value.Revived > 0) NoteLost(value, block);
        value.IsReplaced |= isSure;
        if (isDurable || !_isVolatile) value.IsForgotten = true;
        else _unflushed.Add(block);
    }

    /// <summary>Of one that was at stake when a cache was lost.</summary>
    private void NoteLost(BlockValue value, int block)
    {
        if (!_lost.TryGetValue(block, out List<BlockValue>? lost)) _lost[block] = lost = [];
        if (!lost.Contains(value)) lost.Add(value);
    }

    private void EndReader(int block)
    {
        _readers[block]--;
        Forget(block);
    }

    /// <summary>A read under way may still have seen what is gone now.</summary>
    private void Forget(int block)
    {
        if (_readers[block] == 0) _values[block].RemoveAll(static value => value.IsForgotten);
    }
}

/// <summary>A write as its client knows it.</summary>
internal sealed class WriteRecord(ulong stamp, long start, bool isDiscard)
{
    public ulong Stamp => stamp;

    public long Start => start;

    public bool IsDiscard => isDiscard;

    public bool IsAcknowledged { get; set; }

    /// <summary>When it was acknowledged; never for one under way, or failed.</summary>
    public long End { get; set; } = long.MaxValue;
}

/// <summary>That a block may hold what a write has left.</summary>
internal sealed class BlockValue(WriteRecord write)
{
    public WriteRecord Write => write;

    /// <summary>When another was known to have taken its place.</summary>
    public long Gone { get; set; } = long.MaxValue;

    public bool IsGone => Gone != long.MaxValue;

    /// <summary>Gone, and by a write that was acknowledged.</summary>
    public bool IsReplaced { get; set; }

    /// <summary>Gone, and durably so.</summary>
    public bool IsForgotten { get; set; }

    /// <summary>When a lost cache may have brought it back.</summary>
    public long Revived { get; set; }

    /// <summary>What was done about its cache, or a late copy, may have it there again.</summary>
    public void ComeBack(long now)
    {
        Gone = long.MaxValue;
        Revived = now;
        IsReplaced = IsForgotten = false;
    }

    /// <summary>From then on nothing brings it there.</summary>
    public long End => Math.Max(write.End, Revived);

    public override string ToString()
    {
        string end = write.End == long.MaxValue ? "..." : $"{write.End}";
        string gone = IsGone ? $", gone at {Gone}" : "";
        string revived = Revived > 0 ? $", perhaps back at {Revived}" : "";
        return $"{(write.IsDiscard ? "discard" : $"write {write.Stamp}")} "
            + $"{write.Start}..{end}{gone}{revived}";
    }
}
