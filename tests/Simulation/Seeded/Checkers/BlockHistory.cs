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
    private readonly BlockValues[] _blocks;
    private readonly List<WriteRecord> _failed = [];
    private readonly HashSet<int> _unflushed = [];
    private readonly bool _isVolatile;
    private readonly bool _isPrivate;

    /// <param name="blocks">Blocks in all; they read as zeroes.</param>
    /// <param name="isVolatile">The storage has a cache that it may lose.</param>
    /// <param name="isPrivate">It has several, and a flush is not for all of them.</param>
    public BlockHistory(int blocks, bool isVolatile, bool isPrivate = false)
    {
        _isVolatile = isVolatile;
        _isPrivate = isPrivate;
        _blocks = new BlockValues[blocks];
        var zero = new WriteRecord(Stamp.Zero, 0, isDiscard: false)
        {
            End = 0, IsAcknowledged = true,
        };
        for (int i = 0; i < blocks; i++) _blocks[i] = new BlockValues(zero);
    }

    /// <summary>The time.</summary>
    public long Now { get; private set; }

    public int Blocks => _blocks.Length;

    /// <summary>Something happens: its time.</summary>
    public long Tick() => ++Now;

    /// <summary>A write, discard or write of zeroes goes out.</summary>
    public WriteRecord BeginWrite(int first, int count, ulong stamp, bool isDiscard)
    {
        var write = new WriteRecord(stamp, Tick(), isDiscard);
        for (int block = first; block < first + count; block++)
            _blocks[block].Add(write);
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
            BlockValues values = _blocks[block];
            if (values.Overwrite(write, Now, isDurable || !_isVolatile)) _unflushed.Add(block);
            values.Forget();
        }
    }

    /// <summary>
    /// A server has done a write that its client had given up: what a lost cache had taken of it is
    /// there again.
    /// </summary>
    public void CameLate(int block, ulong stamp) => _blocks[block].CameLate(stamp, Tick());

    /// <summary>It has failed, or nobody will ever know: it may be done at any time.</summary>
    public void Fail(WriteRecord write)
    {
        Tick();
        _failed.Add(write);
    }

    /// <summary>A read goes out; its time is for <see cref="EndRead"/>.</summary>
    public long BeginRead(int first, int count)
    {
        for (int block = first; block < first + count; block++) _blocks[block].Readers++;
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
            if (!_blocks[block].Flush(start, _isPrivate)) _unflushed.Remove(block);
            _blocks[block].Forget();
        }
    }

    /// <summary>
    /// The storage has lost a cache: what was not flushed may be anything again.
    /// </summary>
    /// <param name="isKept">But what was acknowledged is known to somebody who lives.</param>
    public void CacheLost(bool isKept)
    {
        long now = Tick();
        foreach (BlockValues values in _blocks) values.LoseCache(isKept, now);
        if (!isKept) _unflushed.Clear();
    }

    /// <summary>Nothing is under way anywhere: what has failed is not done any more.</summary>
    public void Quiet()
    {
        long now = Tick();
        foreach (WriteRecord write in _failed) write.End = now;
        _failed.Clear();
        foreach (BlockValues values in _blocks) values.ForgetLost();
    }

    private string? Check(long start, int block, ReadOnlySpan<byte> bytes)
    {
        ulong stamp = Stamp.Read(bytes, block);
        bool isPossible = false;
        bool isSure = true;
        BlockValues values = _blocks[block];
        foreach (BlockValue value in values.Since(start))
        {
            if (!MayBe(value, stamp)) continue;
            isPossible = true;
            isSure &= value.Write.IsAcknowledged && !IsWild(value);
        }
        if (!isPossible)
        {
            string what = stamp == Stamp.Torn ? $"torn bytes {Head(bytes)}" : $"write {stamp}";
            return $"block {block} holds {what}, read from {start} to {Now}; possible are:"
                + values;
        }
        // It held this, so what was over before is not there any more.
        if (values.Found(stamp, start, Now, isSure, !_isVolatile)) _unflushed.Add(block);
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

    private void EndReader(int block)
    {
        _blocks[block].Readers--;
        _blocks[block].Forget();
    }
}
