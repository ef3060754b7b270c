// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Simulation;

/// <summary>One write of one block, on the clock of its load.</summary>
internal sealed class CachedWrite(long value, long begin)
{
    public long Value => value;

    public long Begin => begin;

    /// <summary>When it was acknowledged.</summary>
    public long End { get; set; } = long.MaxValue;

    /// <summary>It must survive any crash: FUA, or a later flush was acknowledged.</summary>
    public bool IsDurable { get; set; }
}
