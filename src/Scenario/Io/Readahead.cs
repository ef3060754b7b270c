// SPDX-License-Identifier: Apache-2.0
namespace Braid.Scenario;

/// <summary>
/// A range of pages to be read at once; a reader that comes to the mark asks for more.
/// </summary>
/// <param name="Start">First page.</param>
/// <param name="Count">Pages.</param>
/// <param name="Mark">The page with the mark; -1 for none.</param>
internal readonly record struct ReadWindow(long Start, long Count, long Mark);

/// <summary>
/// What a page cache reads ahead of a reader (mm/readahead.c, ondemand_readahead): windows that
/// grow while it goes on sequentially.
/// </summary>
internal sealed class Readahead
{
    /// <summary>Pages of the largest window (read_ahead_kb of 128).</summary>
    private const long Max = 32;

    private long _start;
    private long _size;
    private long _async;

    /// <summary>The page behind the last one that was read; far away at first.</summary>
    public long Previous { get; set; } = long.MinValue / 2;

    /// <summary>
    /// The window for a reader who is at a page that is missing, or that has the mark.
    /// </summary>
    /// <param name="page">Where the reader is.</param>
    /// <param name="wanted">Pages it still wants, from there on.</param>
    public ReadWindow Next(long page, long wanted)
    {
        bool isExpected = _size > 0 && (page == _start + _size - _async || page == _start + _size);
        if (page == 0 || (!isExpected && (wanted > Max || page - Previous is 0 or 1)))
            Begin(page, wanted);
        else if (isExpected)
            Advance();
        else
            return new ReadWindow(page, wanted, -1);
        if (page == _start && _size == _async) Widen();
        return new ReadWindow(_start, _size, _start + _size - _async);
    }

    private static long NextSize(long size) =>
        size < Max / 16 ? 4 * size : size <= Max / 2 ? 2 * size : Max;

    private void Begin(long page, long wanted)
    {
        long size = (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)wanted);
        _start = page;
        _size = size <= Max / 32 ? size * 4 : size <= Max / 4 ? size * 2 : Max;
        _async = _size > wanted ? _size - wanted : _size;
    }

    private void Advance()
    {
        _start += _size;
        _size = _async = NextSize(_size);
    }

    /// <summary>The reader would meet the mark at once: both windows become one.</summary>
    private void Widen()
    {
        long more = NextSize(_size);
        bool fits = _size + more <= Max;
        _async = fits ? more : Max / 2;
        _size = fits ? _size + more : Max;
    }
}
