// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>What another connection does meanwhile.</summary>
/// <param name="Name">As the table shows it.</param>
/// <param name="Cell">Its load; null for none.</param>
internal sealed record Flood(string Name, Cell? Cell)
{
    private static readonly Workload LongWrites = new("write-1m", "write", 1 << 20);

    /// <summary>What the others are measured by.</summary>
    public static Flood None { get; } = new("alone", null);

    public static IReadOnlyList<Flood> All { get; } =
    [
        None,
        new("beside 4 KiB reads, depth 128", new Cell(Workload.RandomRead, 128)),
        new("beside 1 MiB writes, depth 64", new Cell(LongWrites, 64)),
    ];
}

/// <summary>One run: the report of the one that is watched, and the rate of the flood.</summary>
internal sealed record FairnessSample(FioReport Watched, double FloodMegabytesPerSecond);

/// <summary>What one contender did beside one flood, a sample for each round.</summary>
internal sealed record FairnessResult(
    Contender Contender, Flood Flood, IReadOnlyList<FairnessSample> Samples);
