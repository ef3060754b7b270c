// SPDX-License-Identifier: Apache-2.0
namespace Braid.Block;

/// <summary>Bios in order, linked through them: those that wait for a tag.</summary>
internal sealed class BioList
{
    private Bio? _first;
    private Bio? _last;

    public int Count { get; private set; }

    public void AddLast(Bio bio)
    {
        bio.Next = null;
        if (_last is null) _first = bio;
        else _last.Next = bio;
        _last = bio;
        Count++;
    }

    public void AddFirst(Bio bio)
    {
        bio.Next = _first;
        _first = bio;
        _last ??= bio;
        Count++;
    }

    public Bio TakeFirst()
    {
        Bio first = _first!;
        _first = first.Next;
        if (_first is null) _last = null;
        first.Next = null;
        Count--;
        return first;
    }
}
