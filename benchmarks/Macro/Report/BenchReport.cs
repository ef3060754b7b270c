// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>Everything that the writers of a report may show.</summary>
/// <param name="Plan">What was asked for.</param>
/// <param name="Environment">Where it ran, as pairs of name and value.</param>
/// <param name="Results">Every run.</param>
internal sealed record BenchReport(
    NbdPlan Plan,
    IReadOnlyList<KeyValuePair<string, string>> Environment,
    IReadOnlyList<CellResult> Results)
{
    public IReadOnlyList<CellSummary> Summaries { get; } = Summarizer.Summarize(Results);

    public IEnumerable<CellSummary> Failures => Summaries.Where(one => one.Failure is not null);

    public bool HasFailures => Failures.Any();

    /// <summary>What the columns mean, in one place for all writers.</summary>
    public string Legend =>
        $"Medians of {Plan.Rounds} interleaved rounds of {Plan.Run.TotalSeconds:0.##} s "
        + "(least–most). Ratios are taken round by round. CPU s/M: CPU seconds of the contender's "
        + "process for a million I/Os"
        + (Plan.Store == Store.Disk ? "." : "; server s/M: the same of the server below.");
}
