// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Transports.Nbd;

/// <summary>
/// Tags in flight on one connection in the order of sending, so that the oldest is known: what the
/// I/O timeout looks at. Linked by tag, allocated once.
/// </summary>
internal sealed class InFlightList
{
    private const int None = -1;

    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly bool[] _contains;
    private int _last = None;

    public InFlightList(int depth)
    {
        _next = new int[depth];
        _previous = new int[depth];
        _contains = new bool[depth];
    }

    /// <summary>The tag sent first; -1 for none.</summary>
    public int First { get; private set; } = None;

    public int Count { get; private set; }

    public bool Contains(int tag) => (uint)tag < (uint)_contains.Length && _contains[tag];

    public void AddLast(int tag)
    {
        Invariant.That(!_contains[tag]);
        _contains[tag] = true;
        _next[tag] = None;
        _previous[tag] = _last;
        if (_last == None) First = tag;
        else _next[_last] = tag;
        _last = tag;
        Count++;
    }

    public void Remove(int tag)
    {
        Invariant.That(_contains[tag]);
        _contains[tag] = false;
        if (_previous[tag] == None) First = _next[tag];
        else _next[_previous[tag]] = _next[tag];
        if (_next[tag] == None) _last = _previous[tag];
        else _previous[_next[tag]] = _previous[tag];
        Count--;
    }
}
