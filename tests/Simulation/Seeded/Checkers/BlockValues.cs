// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;

namespace Braid.Tests.Simulation;

/// <summary>
/// What one block may hold. Values that an acknowledged write has replaced are kept apart, by
/// when that was: thousands may wait for a flush, and only a lost cache asks for them.
/// </summary>
internal sealed class BlockValues
{
    private readonly List<BlockValue> _open = [];
    private readonly List<BlockValue> _replaced = [];

    /// <summary>What a lost cache has taken.</summary>
    private readonly List<BlockValue> _lost = [];

    /// <summary>When the newest write began that was acknowledged.</summary>
    private long _newest;
    private bool _hasForgotten;

    public BlockValues(WriteRecord first) => Add(first);

    /// <summary>Reads under way. They may have seen what is gone now.</summary>
    public int Readers { get; set; }

    public void Add(WriteRecord write) => _open.Add(new BlockValue(write));

    /// <summary>The values that were not gone at a time.</summary>
    public IEnumerable<BlockValue> Since(long time)
    {
        foreach (BlockValue value in _open)
            if (value.Gone > time) yield return value;
        for (int i = _replaced.Count - 1; i >= 0 && _replaced[i].Replaced > time; i--)
            if (_replaced[i].Gone > time) yield return _replaced[i];
    }

    /// <summary>
    /// A write was acknowledged: what was over before it is gone. True when a lost cache may have
    /// some of that back.
    /// </summary>
    public bool Overwrite(WriteRecord write, long now, bool isDurable)
    {
        _newest = Math.Max(_newest, write.Start);
        bool isLeft = false;
        foreach (BlockValue value in _open)
        {
            if (value.Write == write || value.End >= write.Start) continue;
            Drop(value, now, isDurable, isSure: true);
            isLeft |= !value.IsForgotten;
        }
        if (isDurable)
            foreach (BlockValue value in _replaced)
                if (value.End < write.Start) ForgetLater(value);
        SetReplacedApart(now);
        return isLeft;
    }

    /// <summary>
    /// A read that began at a time has found a write: what was over before is not there any more.
    /// True when a lost cache may have some of that back.
    /// </summary>
    public bool Found(ulong stamp, long start, long now, bool isSure, bool isDurable)
    {
        bool isLeft = false;
        foreach (BlockValue value in _open)
        {
            // A discard is a wish: a late copy of it may be granted when the retry was not.
            if (value.Write.Stamp == stamp || value.End >= start || value.Write.IsDiscard) continue;
            Drop(value, now, isDurable, isSure);
            isLeft |= !value.IsForgotten;
        }
        SetReplacedApart(now);
        return isLeft;
    }

    /// <summary>
    /// A flush that began at a time covers what was gone then. False when that is all.
    /// </summary>
    public bool Flush(long start, bool isPrivate)
    {
        bool isLeft = false;
        foreach (BlockValue value in _open)
        {
            if (value.Gone <= start && !isPrivate) ForgetLater(value);
            else isLeft |= value.IsGone;
        }
        foreach (BlockValue value in _replaced)
        {
            if (value.Gone <= start) ForgetLater(value);
            else isLeft = true;
        }
        return isLeft;
    }

    /// <inheritdoc cref="BlockHistory.CacheLost"/>
    public void LoseCache(bool isKept, long now)
    {
        // With what is kept, what is there is written again, or was never acknowledged.
        foreach (BlockValue value in _open)
            if (!value.IsForgotten && (!isKept || value.IsGone)) value.ComeBack(now);
        if (isKept) return;
        foreach (BlockValue value in _replaced)
        {
            if (value.IsForgotten) continue;
            value.ComeBack(now);
            _open.Add(value);
        }
        _replaced.RemoveAll(static value => !value.IsReplaced);
    }

    /// <inheritdoc cref="BlockHistory.CameLate"/>
    public void CameLate(ulong stamp, long now)
    {
        BlockValue? value = _lost.FindLast(
            value => value.Write.Stamp == stamp && value.Write.End >= _newest);
        if (value is null) return;
        _lost.Remove(value);
        _replaced.Remove(value);
        value.ComeBack(now);
        value.IsLost = false;
        if (!_open.Contains(value)) _open.Add(value);
    }

    public void ForgetLost()
    {
        foreach (BlockValue value in _lost) value.IsLost = false;
        _lost.Clear();
    }

    /// <summary>When nobody reads, what is durably gone is not needed any more.</summary>
    public void Forget()
    {
        if (!_hasForgotten || Readers > 0) return;
        _open.RemoveAll(static value => value.IsForgotten);
        _replaced.RemoveAll(static value => value.IsForgotten);
        _hasForgotten = false;
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (BlockValue value in _replaced.Concat(_open))
            text.Append(CultureInfo.InvariantCulture, $"\n    {value}");
        return text.ToString();
    }

    private void Drop(BlockValue value, long now, bool isDurable, bool isSure)
    {
        if (!value.IsGone) value.Gone = now;
        if (value is { Revived: > 0, IsLost: false })
        {
            value.IsLost = true;
            _lost.Add(value);
        }
        value.IsReplaced |= isSure;
        if (isDurable) ForgetLater(value);
    }

    private void ForgetLater(BlockValue value)
    {
        value.IsForgotten = true;
        _hasForgotten = true;
    }

    private void SetReplacedApart(long now)
    {
        bool hasAny = false;
        foreach (BlockValue value in _open)
        {
            if (value is not { IsGone: true, IsReplaced: true }) continue;
            value.Replaced = now;
            _replaced.Add(value);
            hasAny = true;
        }
        if (hasAny) _open.RemoveAll(static value => value.IsGone && value.IsReplaced);
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

    /// <summary>When that was known.</summary>
    public long Replaced { get; set; }

    /// <summary>A lost cache has taken it.</summary>
    public bool IsLost { get; set; }

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
