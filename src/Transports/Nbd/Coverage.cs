// SPDX-License-Identifier: Apache-2.0
namespace Braid.Transports.Nbd;

/// <summary>
/// Which bytes of a read have come, when its chunks are out of order. A server that says it is done
/// before all have would otherwise hand out whatever the buffer held before.
/// </summary>
internal sealed class Coverage
{
    /// <summary>Pieces of one reply that are kept apart; more is a peer's mischief.</summary>
    private const int MaxPieces = 4096;

    private readonly List<(long Start, long End)> _pieces = [];

    public long Bytes { get; private set; }

    public void Clear()
    {
        _pieces.Clear();
        Bytes = 0;
    }

    /// <summary>False when it overlaps what has come before, or when there are too many.</summary>
    public bool TryAdd(long start, long length)
    {
        int index = 0;
        while (index < _pieces.Count && _pieces[index].End <= start) index++;
        if (index < _pieces.Count && _pieces[index].Start < start + length) return false;
        if (_pieces.Count == MaxPieces) return false;
        _pieces.Insert(index, (start, start + length));
        Bytes += length;
        return true;
    }
}
