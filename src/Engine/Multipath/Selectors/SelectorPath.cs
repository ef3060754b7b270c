// SPDX-License-Identifier: Apache-2.0
namespace Braid.Multipath;

/// <summary>
/// What a selector keeps for a path, and its link in the list of valid or of failed paths.
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

/// <summary>A list of paths whose order is the selector's memory.</summary>
internal sealed class SelectorList
{
    public SelectorPath? First { get; private set; }

    private SelectorPath? Last { get; set; }

    public void AddLast(SelectorPath path)
    {
        path.Next = null;
        path.Previous = Last;
        if (Last is null) First = path;
        else Last.Next = path;
        Last = path;
    }

    public void AddFirst(SelectorPath path)
    {
        path.Previous = null;
        path.Next = First;
        if (First is null) Last = path;
        else First.Previous = path;
        First = path;
    }

    public void Remove(SelectorPath path)
    {
        if (path.Previous is null) First = path.Next;
        else path.Previous.Next = path.Next;
        if (path.Next is null) Last = path.Previous;
        else path.Next.Previous = path.Previous;
    }

    public void MoveLast(SelectorPath path)
    {
        if (path == Last) return;
        Remove(path);
        AddLast(path);
    }
}
