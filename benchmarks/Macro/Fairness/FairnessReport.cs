// SPDX-License-Identifier: Apache-2.0
using System.Text;

namespace Braid.Bench.Macro;

/// <summary>What `./bench fairness` prints: Markdown, which reads as well on a terminal.</summary>
internal static class FairnessReport
{
    public static string Write(IReadOnlyList<FairnessResult> results)
    {
        var text = new StringBuilder();
        Append(text, ["4 KiB reads, depth 1", "through", "p50 µs", "p99 µs", "× alone",
            "flood MB/s"]);
        Append(text, ["---", "---", "---:", "---:", "---:", "---:"]);
        foreach (FairnessResult result in results)
        {
            bool isAlone = result.Flood == Flood.None;
            Append(text,
            [
                result.Flood.Name, result.Contender.Name,
                Format.Significant(Median(result, one => one.Watched.P50Us)),
                Format.Significant(Median(result, one => one.Watched.P99Us)),
                isAlone ? "1" : WithSpread(ToAlone(results, result)),
                isAlone ? "–" : Format.Significant(
                    Median(result, one => one.FloodMegabytesPerSecond)),
            ]);
        }
        return text.ToString();
    }

    /// <summary>The p99 to that of the same contender and round without the flood.</summary>
    public static Spread ToAlone(IReadOnlyList<FairnessResult> results, FairnessResult its)
    {
        FairnessResult alone = results.Single(
            one => one.Contender == its.Contender && one.Flood == Flood.None);
        return Spread.Of(its.Samples.Zip(
            alone.Samples, (beside, quiet) => beside.Watched.P99Us / quiet.Watched.P99Us));
    }

    private static double Median(FairnessResult result, Func<FairnessSample, double> value) =>
        Spread.Of(result.Samples.Select(value)).Median;

    private static string WithSpread(Spread spread) =>
        $"{Format.Significant(spread.Median)} "
        + $"({Format.Significant(spread.Min)}–{Format.Significant(spread.Max)})";

    private static void Append(StringBuilder text, string[] cells) =>
        text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
}
