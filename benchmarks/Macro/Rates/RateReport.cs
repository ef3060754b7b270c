// SPDX-License-Identifier: Apache-2.0
using System.Text;

namespace Braid.Bench.Macro;

/// <summary>What `./bench rates` prints: Markdown, which reads as well on a terminal.</summary>
internal static class RateReport
{
    public static string Write(IReadOnlyList<RateResult> results)
    {
        var text = new StringBuilder();
        Append(text, ["paths", "selector", "MB/s", "of the fast paths' sum", "goal"]);
        Append(text, ["---", "---", "---:", "---:", "---:"]);
        foreach (RateResult result in results)
        {
            Append(text,
            [
                result.Case.Name, result.Case.Selector ?? "–",
                WithSpread(Spread.Of(result.MegabytesPerSecond)),
                WithSpread(Share(results, result)),
                result.Case.Share is double goal ? Format.Significant(goal) : "–",
            ]);
        }
        return text.ToString();
    }

    /// <summary>To what the same round had of one path, as often as there are fast ones.</summary>
    public static Spread Share(IReadOnlyList<RateResult> results, RateResult its)
    {
        IReadOnlyList<double> direct =
            results.Single(result => result.Case == RateCase.Direct).MegabytesPerSecond;
        return Spread.Of(its.MegabytesPerSecond.Zip(
            direct, (rate, one) => rate / (one * its.Case.FastPaths)));
    }

    private static string WithSpread(Spread spread) =>
        $"{Format.Significant(spread.Median)} "
        + $"({Format.Significant(spread.Min)}–{Format.Significant(spread.Max)})";

    private static void Append(StringBuilder text, string[] cells) =>
        text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
}
