// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Block;

/// <summary>
/// The links of a request: a request is in one list at a time, and in a scheduler also in its
/// sorted tree. A part of the request: those of a list change several times on its way.
/// </summary>
internal struct RequestLinks
{
    public Request? Next { get; set; }

    public Request? Previous { get; set; }

    public Request? Left { get; set; }

    public Request? Right { get; set; }

    public Request? Parent { get; set; }

    /// <summary>Heap order of the tree.</summary>
    public ulong Priority { get; set; }

    /// <summary>Order of arrival; parts equal offsets.</summary>
    public long Sequence { get; set; }

    /// <summary>When the scheduler prefers it to the sorted order.</summary>
    public long ExpireNs { get; set; }

    /// <summary>Next in the scheduler's table by end.</summary>
    public Request? HashNext { get; set; }
}

/// <summary>A list of requests, linked through them.</summary>
internal sealed class RequestList
{
    public Request? First { get; private set; }

    public Request? Last { get; private set; }

    public int Count { get; private set; }

    public void AddLast(Request request)
    {
        ref RequestLinks links = ref request.Links;
        links.Previous = Last;
        links.Next = null;
        if (Last is null) First = request;
        else Last.Links.Next = request;
        Last = request;
        Count++;
    }

    public void AddFirst(Request request)
    {
        ref RequestLinks links = ref request.Links;
        links.Previous = null;
        links.Next = First;
        if (First is null) Last = request;
        else First.Links.Previous = request;
        First = request;
        Count++;
    }

    /// <summary>Takes over all of another list, behind its own.</summary>
    public void TakeAll(RequestList other)
    {
        if (other.First is not { } first) return;
        first.Links.Previous = Last;
        if (Last is null) First = first;
        else Last.Links.Next = first;
        Last = other.Last;
        Count += other.Count;
        other.First = other.Last = null;
        other.Count = 0;
    }

    /// <summary>Moves a request to right before another one of this list.</summary>
    public void MoveBefore(Request request, Request place)
    {
        Remove(request);
        ref RequestLinks links = ref request.Links;
        links.Previous = place.Links.Previous;
        links.Next = place;
        if (links.Previous is null) First = request;
        else links.Previous.Links.Next = request;
        place.Links.Previous = request;
        Count++;
    }

    public void Remove(Request request)
    {
        ref RequestLinks links = ref request.Links;
        // Its neighbours know it: it is in this list, or in the middle of another.
        Invariant.That((links.Previous is { } left ? left.Links.Next : First) == request);
        Invariant.That((links.Next is { } right ? right.Links.Previous : Last) == request);
        if (links.Previous is null) First = links.Next;
        else links.Previous.Links.Next = links.Next;
        if (links.Next is null) Last = links.Previous;
        else links.Next.Links.Previous = links.Previous;
        links.Next = links.Previous = null;
        Count--;
    }

    public Request? TakeFirst()
    {
        if (First is not { } first) return null;
        Request? next = first.Links.Next;
        First = next;
        if (next is null) Last = null;
        else next.Links.Previous = null;
        first.Links.Next = null;
        Count--;
        return first;
    }
}
