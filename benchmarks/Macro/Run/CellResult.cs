// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>One measured run.</summary>
internal sealed record Sample(int Round, FioReport Fio)
{
    /// <summary>CPU time of the contender's process during the run; 0 for direct.</summary>
    public double CpuSeconds { get; init; }

    /// <summary>CPU time of the servers below during the run; null without any.</summary>
    public double? ServerCpuSeconds { get; init; }

    /// <summary>What the process counted itself during the run.</summary>
    public StatsCounters? Counters { get; init; }
}

/// <summary>All runs of one contender in one cell. A single failure spoils them all.</summary>
internal sealed class CellResult(Cell cell, Contender contender)
{
    public Cell Cell { get; } = cell;

    public Contender Contender { get; } = contender;

    public List<Sample> Samples { get; } = [];

    /// <summary>When and why a run failed; no ratio is made of such a result.</summary>
    public string? Failure { get; set; }

    /// <summary>From the pass that counts from outside; never from the timed runs.</summary>
    public double? CountedSystemCallsPerIo { get; set; }
}
