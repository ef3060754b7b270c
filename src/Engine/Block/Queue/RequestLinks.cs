// SPDX-License-Identifier: Apache-2.0
namespace Braid.Block;

/// <summary>
/// The links of a request: a request is in one list at a time, and in a scheduler also in its
/// sorted tree. Allocated with the request.
/// </summary>
internal sealed class RequestLinks
{
    public Request? Next { get; set; }

    public Request? Previous { get; set; }

    /// <summary>The list it is in.</summary>
    public RequestList? List { get; set; }

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
        RequestLinks links = request.Links;
        links.Previous = Last;
        links.Next = null;
        links.List = this;
        if (Last is null) First = request;
        else Last.Links.Next = request;
        Last = request;
        Count++;
    }

    public void AddFirst(Request request)
    {
        RequestLinks links = request.Links;
        links.Previous = null;
        links.Next = First;
        links.List = this;
        if (First is null) Last = request;
        else First.Links.Previous = request;
        First = request;
        Count++;
    }

    /// <summary>Moves a request to right before another one of this list.</summary>
    public void MoveBefore(Request request, Request place)
    {
        Remove(request);
        RequestLinks links = request.Links;
        links.Previous = place.Links.Previous;
        links.Next = place;
        links.List = this;
        if (links.Previous is null) First = request;
        else links.Previous.Links.Next = request;
        place.Links.Previous = request;
        Count++;
    }

    public void Remove(Request request)
    {
        RequestLinks links = request.Links;
        Io.Invariant.That(links.List == this);
        if (links.Previous is null) First = links.Next;
        else links.Previous.Links.Next = links.Next;
        if (links.Next is null) Last = links.Previous;
        else links.Next.Links.Previous = links.Previous;
        links.Next = links.Previous = null;
        links.List = null;
        Count--;
    }

    public Request? TakeFirst()
    {
        Request? first = First;
        if (first is not null) Remove(first);
        return first;
    }
}
