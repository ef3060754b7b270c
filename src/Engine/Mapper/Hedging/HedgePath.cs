// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Mapper;

/// <summary>
/// A path as hedged reads see it: how long its reads take, and those that are under way, in the
/// order of sending, so that the first is the first to be due.
/// </summary>
internal sealed class HedgePath(RequestQueue queue, double percentile)
{
    public RequestQueue Queue => queue;

    public ReadTimes Times { get; } = new(percentile);

    /// <summary>The map's tag of the read that was sent first; -1 for none.</summary>
    public int First { get; set; } = HedgedReads.None;

    public int Last { get; set; } = HedgedReads.None;
}
