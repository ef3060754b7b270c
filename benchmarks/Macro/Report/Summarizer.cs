// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>
/// Makes one summary of each result. Ratios are taken within a round and only then is their median
/// taken: what the machine did in that round is in both numbers. A result with a failure takes part
/// in no ratio.
/// </summary>
internal static class Summarizer
{
    public static IReadOnlyList<CellSummary> Summarize(IReadOnlyList<CellResult> results)
    {
        Contender[] subjects =
        [
            .. results.Select(result => result.Contender).Distinct()
                .Where(contender => contender.Kind == ContenderKind.Subject),
        ];
        Contender? reference = subjects.Length > 1 ? subjects[0] : null;
        return
        [
            .. from cell in results.GroupBy(result => result.Cell)
               from result in cell
               select SummarizeOne(result, [.. cell], reference),
        ];
    }

    private static CellSummary SummarizeOne(
        CellResult result, IReadOnlyList<CellResult> cell, Contender? reference)
    {
        var summary = new CellSummary { Cell = result.Cell, Contender = result.Contender };
        if (result.Failure is not null) return summary with { Failure = result.Failure };
        List<Sample> samples = result.Samples;
        bool isSubject = result.Contender.Kind == ContenderKind.Subject;
        double millions = samples.Sum(sample => sample.Fio.Ios) / 1e6;
        return summary with
        {
            Iops = Spread.Of(samples.Select(sample => sample.Fio.Iops)),
            BytesPerSecond = Median(samples, sample => BytesPerSecond(sample.Fio)),
            ToDirect = Ratio(samples, cell.Where(
                other => other.Contender.Kind == ContenderKind.Direct)),
            ToBestPeer = isSubject
                ? Ratio(samples, cell.Where(other => other.Contender.Kind == ContenderKind.Peer))
                : null,
            ToReference = isSubject && reference is not null && result.Contender != reference
                ? Ratio(samples, cell.Where(other => other.Contender == reference))
                : null,
            // Sums, not medians: a single run's CPU time at depth 1 is short.
            CpuPerMillion = result.Contender.Command is null
                ? null
                : samples.Sum(sample => sample.CpuSeconds) / millions,
            ServerCpuPerMillion = samples.Any(sample => sample.ServerCpuSeconds is null)
                ? null
                : samples.Sum(sample => sample.ServerCpuSeconds) / millions,
            P50Us = Median(samples, sample => sample.Fio.P50Us),
            P99Us = Median(samples, sample => sample.Fio.P99Us),
            P999Us = Median(samples, sample => sample.Fio.P999Us),
            SystemCallsPerIo = PerIo(samples, counters => counters?.SystemCalls)
                ?? result.CountedSystemCallsPerIo,
            AllocatedBytesPerIo = PerIo(samples, counters => counters?.AllocatedBytes),
        };
    }

    /// <summary>To the best of the others in each round; null when one of them failed.</summary>
    private static Spread? Ratio(IReadOnlyList<Sample> samples, IEnumerable<CellResult> others)
    {
        CellResult[] bases = [.. others];
        if (bases.Length == 0 || bases.Any(other => other.Failure is not null)) return null;
        return Spread.Of(samples.Select(sample => sample.Fio.Iops
            / bases.Max(other => other.Samples.Single(its => its.Round == sample.Round).Fio.Iops)));
    }

    private static double Median(IReadOnlyList<Sample> samples, Func<Sample, double> value) =>
        Spread.Of(samples.Select(value)).Median;

    private static double BytesPerSecond(FioReport report) =>
        report.Bytes * 1000.0 / report.RuntimeMs;

    private static double? PerIo(
        IReadOnlyList<Sample> samples, Func<StatsCounters?, long?> counter)
    {
        long?[] counts = [.. samples.Select(sample => counter(sample.Counters))];
        return counts.Contains(null)
            ? null
            : (double)counts.Sum()! / samples.Sum(sample => sample.Fio.Ios);
    }
}
