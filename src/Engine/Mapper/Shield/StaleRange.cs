// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Mapper;

/// <summary>Where a stale write may still land, in bytes of the mapped device.</summary>
public sealed class StaleRange
{
    private readonly object? _owner;
    private readonly uint _use;

    internal StaleRange(object? owner, uint use, long begin, long end, StaleWrite write)
    {
        _owner = owner;
        _use = use;
        Begin = begin;
        End = end;
        Write = write;
    }

    public long Begin { get; }

    public long End { get; }

    internal StaleWrite Write { get; }

    internal bool IsOf(object owner, uint use) => _owner == owner && _use == use;

    internal bool Overlaps(long begin, long end) => begin < End && end > Begin;
}
