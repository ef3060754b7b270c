// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Block;

/// <summary>
/// Requests by offset, equal ones by arrival: a treap linked through the requests, so that it
/// allocates nothing. Its heap order is drawn from the loop's random numbers.
/// </summary>
internal sealed class SortedRequests(LoopRandom random)
{
    private Request? _root;

    public void Add(Request request)
    {
        ref RequestLinks links = ref request.Links;
        links.Left = links.Right = null;
        links.Priority = random.NextUInt64();
        Request? parent = null;
        Request? at = _root;
        bool left = false;
        while (at is not null)
        {
            parent = at;
            left = Before(request, at);
            at = left ? at.Links.Left : at.Links.Right;
        }
        links.Parent = parent;
        if (parent is null) _root = request;
        else if (left) parent.Links.Left = request;
        else parent.Links.Right = request;
        while (links.Parent is { } above && above.Links.Priority < links.Priority)
            RotateUp(request);
    }

    public void Remove(Request request)
    {
        ref RequestLinks links = ref request.Links;
        while (links.Left is not null && links.Right is not null)
        {
            bool left = links.Left.Links.Priority > links.Right.Links.Priority;
            RotateUp(left ? links.Left : links.Right);
        }
        Replace(request, links.Left ?? links.Right);
        links.Left = links.Right = links.Parent = null;
    }

    /// <summary>The next one by offset.</summary>
    public static Request? Successor(Request request)
    {
        Request? at = request.Links.Right;
        if (at is not null)
        {
            while (at.Links.Left is { } left) at = left;
            return at;
        }
        Request child = request;
        while (child.Links.Parent is { } parent && parent.Links.Right == child) child = parent;
        return child.Links.Parent;
    }

    /// <summary>The one before by offset.</summary>
    public static Request? Predecessor(Request request)
    {
        Request? at = request.Links.Left;
        if (at is not null)
        {
            while (at.Links.Right is { } right) at = right;
            return at;
        }
        Request child = request;
        while (child.Links.Parent is { } parent && parent.Links.Left == child) child = parent;
        return child.Links.Parent;
    }

    /// <summary>A request that begins exactly there.</summary>
    public Request? FindAt(long offset)
    {
        Request? at = _root;
        while (at is not null && at.Offset != offset)
            at = offset < at.Offset ? at.Links.Left : at.Links.Right;
        return at;
    }

    private static bool Before(Request a, Request b) =>
        a.Offset != b.Offset ? a.Offset < b.Offset : a.Links.Sequence < b.Links.Sequence;

    private void RotateUp(Request child)
    {
        Request parent = child.Links.Parent!;
        Replace(parent, child);
        if (parent.Links.Left == child)
        {
            parent.Links.Left = child.Links.Right;
            if (child.Links.Right is { } inner) inner.Links.Parent = parent;
            child.Links.Right = parent;
        }
        else
        {
            parent.Links.Right = child.Links.Left;
            if (child.Links.Left is { } inner) inner.Links.Parent = parent;
            child.Links.Left = parent;
        }
        parent.Links.Parent = child;
    }

    /// <summary>Puts another, or nothing, where a request hangs.</summary>
    private void Replace(Request request, Request? other)
    {
        Request? above = request.Links.Parent;
        if (above is null) _root = other;
        else if (above.Links.Left == request) above.Links.Left = other;
        else above.Links.Right = other;
        if (other is not null) other.Links.Parent = above;
    }
}
