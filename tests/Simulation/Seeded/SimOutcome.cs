// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Simulation;

/// <summary>What has come of a seed.</summary>
internal sealed record SimOutcome
{
    public required ulong Seed { get; init; }

    /// <summary>What a checker has found; null when nothing.</summary>
    public string? Problem { get; init; }

    /// <summary>The last lines of what happened, or all of them.</summary>
    public IReadOnlyList<string> Trace { get; init; } = [];

    /// <summary>Over all that happened: the same for each run of the seed.</summary>
    public ulong Hash { get; init; }

    public long VirtualNs { get; init; }

    public long Ios { get; init; }

    public long FailedIos { get; init; }

    public long Faults { get; init; }

    /// <summary>Reads that were sent on a second path.</summary>
    public long Hedges { get; init; }

    /// <summary>Of these, those that it answered.</summary>
    public long HedgesWon { get; init; }

    /// <summary>Acts of operators.</summary>
    public long Acts { get; init; }
}
