// SPDX-License-Identifier: Apache-2.0
namespace Braid.Mapper;

/// <summary>
/// What became of the hedged reads of a device, whatever its tables. Loop's thread only.
/// </summary>
public sealed class HedgeCounters
{
    /// <summary>Reads that were sent on a second path.</summary>
    public long Sent { get; internal set; }

    /// <summary>Of these, those that ended with the answer of the second.</summary>
    public long Won { get; internal set; }

    /// <summary>Reads that were due, and for which nothing was left of the share.</summary>
    public long Denied { get; internal set; }

    /// <summary>Answers under way that nobody waits for any more.</summary>
    public int Late { get; internal set; }
}
