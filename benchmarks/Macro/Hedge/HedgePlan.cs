// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>What `./bench hedge` measures.</summary>
internal sealed record HedgePlan
{
    public required IReadOnlyList<HedgeSetting> Settings { get; init; }

    public required int Rounds { get; init; }

    /// <summary>Of one run.</summary>
    public required TimeSpan Length { get; init; }

    /// <summary>For how long one server stands still.</summary>
    public required TimeSpan Pause { get; init; }

    /// <summary>From one pause to the next.</summary>
    public required TimeSpan Every { get; init; }

    /// <summary>Reads a second, of 4 KiB.</summary>
    public required int Rate { get; init; }

    public required int Depth { get; init; }

    public Cell Cell => new(Workload.RandomRead, Depth) { Rate = Rate };
}
