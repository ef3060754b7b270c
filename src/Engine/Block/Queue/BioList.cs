// SPDX-License-Identifier: Apache-2.0
namespace Braid.Block;

/// <summary>Bios in order, linked through them: those that wait for a tag.</summary>
internal sealed class BioList
{
    private Bio? _last;

    public Bio? First { get; private set; }

    public int Count { get; private set; }

    public void AddLast(Bio bio)
    {
        bio.Next = null;
        if (_last is null) First = bio;
        else _last.Next = bio;
        _last = bio;
        Count++;
    }

    public Bio TakeFirst()
    {
        Bio first = First!;
        First = first.Next;
        if (First is null) _last = null;
        first.Next = null;
        Count--;
        return first;
    }
}
