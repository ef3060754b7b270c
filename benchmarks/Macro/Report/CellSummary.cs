// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>What all rounds of one contender in one cell say together.</summary>
internal sealed record CellSummary
{
    public required Cell Cell { get; init; }
    public required Contender Contender { get; init; }

    /// <summary>Set when a run failed; then there is nothing else to see.</summary>
    public string? Failure { get; init; }

    public Spread? Iops { get; init; }
    public double? BytesPerSecond { get; init; }

    /// <summary>To the server itself, round by round.</summary>
    public Spread? ToDirect { get; init; }

    /// <summary>To the better of the peers of that round; for subjects.</summary>
    public Spread? ToBestPeer { get; init; }

    /// <summary>To the first subject, when there are several.</summary>
    public Spread? ToReference { get; init; }

    /// <summary>CPU seconds of its process for a million I/Os; direct has none.</summary>
    public double? CpuPerMillion { get; init; }

    /// <summary>CPU seconds of the server below for a million I/Os.</summary>
    public double? ServerCpuPerMillion { get; init; }

    public double? P50Us { get; init; }
    public double? P99Us { get; init; }
    public double? P999Us { get; init; }
    public double? SystemCallsPerIo { get; init; }
    public double? AllocatedBytesPerIo { get; init; }
}
