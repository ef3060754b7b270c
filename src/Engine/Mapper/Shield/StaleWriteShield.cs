// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Mapper;

/// <summary>
/// Holds writes back whose range a stale write may still reach: a copy that a given-up path has,
/// and that may land late. The retry of the stale write itself goes out at once, since it carries
/// the same bytes. Empty, and no more than a comparison, while no path was given up. One for each
/// mapped device, whatever its tables; on its loop.
/// </summary>
/// <param name="lowered">Called whenever less is held back: what waits is mapped again.</param>
public sealed class StaleWriteShield(Action lowered)
{
    /// <summary>
    /// Ranges that are kept apart. Beyond that they become one that covers all: more is held back
    /// than need be, and nothing is forgotten.
    /// </summary>
    public const int MaxRanges = 4096;

    private readonly List<StaleRange> _ranges = [];
    private long _begin = long.MaxValue;
    private long _end;

    /// <summary>It was turned off for good.</summary>
    internal bool IsOff { get; private set; }

    /// <summary>The shields of the same map on other loops; null while it is on one.</summary>
    internal ShieldPeers? Peers { get; set; }

    /// <summary>Whether any stale write may still land.</summary>
    public bool IsUp => _ranges.Count > 0;

    /// <summary>Stale writes so far.</summary>
    public long Count { get; private set; }

    /// <summary>What is held back now.</summary>
    public IReadOnlyList<StaleRange> Ranges => _ranges;

    /// <summary>From now on writes that overlap the range wait until it is quiet.</summary>
    /// <param name="owner">Whose write it was; null if it will not be tried again.</param>
    /// <param name="use">Tells this use of the owner from others: it is used again.</param>
    /// <param name="offset">Bytes from the start of the device.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="write">Knows when it is quiet.</param>
    public void Add(object? owner, uint use, long offset, long length, StaleWrite write)
    {
        if (length <= 0 || write.IsQuiet || IsOff) return;
        Count++;
        // First: when it is quiet nothing is to wait for others before what waits is mapped.
        Peers?.Tell(owner, use, offset, offset + length, write);
        AddRange(new StaleRange(owner, use, offset, offset + length, write));
    }

    /// <summary>The same for a stale write of another loop.</summary>
    internal void AddForeign(long begin, long end, StaleWrite write) =>
        AddRange(new StaleRange(null, 0, begin, end, write));

    /// <summary>
    /// Whether the stale write of that owner is not known yet on other loops: until it is, it must
    /// neither be sent again nor end, or a later write there would not be held back.
    /// </summary>
    public bool IsUntold(object owner, uint use) =>
        Peers is { } peers && peers.IsUntold(owner, use);

    /// <summary>Whether a write has to wait for a stale one that is not its own.</summary>
    public bool Holds(object owner, uint use, long offset, long length)
    {
        long end = offset + length;
        if (end <= _begin || offset >= _end) return false;
        foreach (StaleRange range in _ranges)
            if (range.Overlaps(offset, end) && !range.IsOf(owner, use)) return true;
        return false;
    }

    /// <summary>Whether a write is the retry of a stale one.</summary>
    public bool Has(object owner, uint use)
    {
        foreach (StaleRange range in _ranges)
            if (range.IsOf(owner, use)) return true;
        return false;
    }

    /// <summary>
    /// Somebody knows that no copy can land any more: the given-up paths are fenced, or dead.
    /// </summary>
    public void Lower()
    {
        Peers?.OnLowered();
        if (!IsUp) return;
        _ranges.Clear();
        Measure();
        lowered();
    }

    /// <summary>
    /// For good: the device is being taken down, and what waits is to find no path and fail. Writes
    /// that are cut off then hold nobody back.
    /// </summary>
    public void TurnOff()
    {
        IsOff = true;
        Lower();
    }

    private void AddRange(StaleRange range)
    {
        if (_ranges.Count == MaxRanges) JoinAll();
        Add(range);
    }

    private void Add(StaleRange range)
    {
        _ranges.Add(range);
        _begin = Math.Min(_begin, range.Begin);
        _end = Math.Max(_end, range.End);
        range.Write.WhenQuiet(() => Remove(range));
    }

    private void Remove(StaleRange range)
    {
        if (!_ranges.Remove(range)) return;
        Measure();
        lowered();
    }

    private void JoinAll()
    {
        StaleWrite all = StaleWrite.Join([.. _ranges.Select(range => range.Write)]);
        var cover = new StaleRange(null, 0, _begin, _end, all);
        _ranges.Clear();
        Add(cover);
    }

    private void Measure()
    {
        _begin = long.MaxValue;
        _end = 0;
        foreach (StaleRange range in _ranges)
        {
            _begin = Math.Min(_begin, range.Begin);
            _end = Math.Max(_end, range.End);
        }
    }
}
