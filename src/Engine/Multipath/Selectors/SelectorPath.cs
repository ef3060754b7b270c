// SPDX-License-Identifier: Apache-2.0
namespace Braid.Multipath;

/// <summary>
/// What a selector keeps for a path, and its links in the ring of valid or of failed paths.
/// </summary>
internal class SelectorPath(PgPath path)
{
    public PgPath Path => path;

    public SelectorPath? Next { get; set; }

    public SelectorPath? Previous { get; set; }

    /// <summary>
    /// Deprecated in the kernel: I/Os before another path is chosen; printed, always taken as 1.
    /// </summary>
    public uint RepeatCount { get; set; } = 1;

    /// <summary>I/Os in flight; with service-time, bytes.</summary>
    public long InFlight { get; set; }
}

/// <summary>
/// A list of paths whose order is the selector's memory. A ring: the first becomes the last by a
/// step.
/// </summary>
internal sealed class SelectorList
{
    public SelectorPath? First { get; private set; }

    /// <summary>The next one; null after the last.</summary>
    public SelectorPath? After(SelectorPath path) => path.Next == First ? null : path.Next;

    public void AddLast(SelectorPath path)
    {
        if (First is not { } first)
        {
            First = path.Next = path.Previous = path;
            return;
        }
        path.Next = first;
        path.Previous = first.Previous;
        first.Previous!.Next = path;
        first.Previous = path;
    }

    public void AddFirst(SelectorPath path)
    {
        AddLast(path);
        First = path;
    }

    public void Remove(SelectorPath path)
    {
        path.Previous!.Next = path.Next;
        path.Next!.Previous = path.Previous;
        if (First == path) First = path.Next == path ? null : path.Next;
    }

    public void MoveLast(SelectorPath path)
    {
        if (path == First)
        {
            First = path.Next;
            return;
        }
        Remove(path);
        AddLast(path);
    }
}
