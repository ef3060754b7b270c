// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;

namespace Braid.Bench.Micro;

/// <summary>What `./bench engine` prints: Markdown, which reads as well on a terminal.</summary>
internal static class EngineReport
{
    private static readonly int[] Paths =
        [.. EngineCases.Quick.Select(its => its.Paths).Distinct()];

    public static string Write(IReadOnlyList<EngineResult> results)
    {
        var text = new StringBuilder();
        AppendSelectors(text, results);
        AppendOthers(text, results);
        text.Append("Nanoseconds for each bio of a loop, the median of all iterations "
            + "(least–most), and bytes allocated for it.\n");
        return text.ToString();
    }

    /// <summary>One row for each selector, queue mode and stream; a column for each size.</summary>
    private static void AppendSelectors(StringBuilder text, IReadOnlyList<EngineResult> results)
    {
        AppendRow(text,
        [
            "selector", "queue_mode", "stream", .. Paths.Select(paths => $"{paths} paths"), "B/bio",
        ]);
        AppendRow(text, ["---", "---", "---", .. Paths.Select(_ => "---:"), "---:"]);
        var rows = results.Where(result => IsOfSelectors(result.Case))
            .GroupBy(result => (result.Case.Selector, result.Case.QueueMode, result.Case.Stream));
        foreach (var row in rows)
        {
            AppendRow(text,
            [
                row.Key.Selector, row.Key.QueueMode, NameOf(row.Key.Stream),
                .. row.Select(result => WithSpread(result.Ns)),
                Format.Significant(row.Max(result => result.Bytes)),
            ]);
        }
        text.Append('\n');
    }

    private static void AppendOthers(StringBuilder text, IReadOnlyList<EngineResult> results)
    {
        EngineResult[] others = [.. results.Where(result => !IsOfSelectors(result.Case))];
        if (others.Length == 0) return;
        AppendRow(text, ["case", "ns", "alone", "B/bio"]);
        AppendRow(text, ["---", "---:", "---:", "---:"]);
        foreach (EngineResult result in others)
        {
            EngineCase plain = result.Case with { Loops = 1 };
            if (plain.Stream == EngineStream.Failover)
                plain = plain with { Stream = EngineStream.Scattered };
            EngineResult alone = results.First(other => other.Case == plain);
            AppendRow(text,
            [
                NameOf(result.Case), WithSpread(result.Ns), WithSpread(alone.Ns),
                Format.Significant(result.Bytes),
            ]);
        }
        text.Append('\n');
    }

    private static bool IsOfSelectors(EngineCase its) =>
        its.Loops == 1 && its.Stream != EngineStream.Failover;

    private static string NameOf(EngineStream stream) => stream.ToString().ToLowerInvariant();

    private static string NameOf(EngineCase its) => its.Stream == EngineStream.Failover
        ? $"half of the bios fail on one of two paths and are sent again, {its.QueueMode}"
        : string.Create(CultureInfo.InvariantCulture,
            $"{its.Loops} loops, {its.Selector}, {its.Paths} paths, {NameOf(its.Stream)}");

    private static string WithSpread(Spread spread) =>
        $"{Format.Significant(spread.Median)} "
        + $"({Format.Significant(spread.Min)}–{Format.Significant(spread.Max)})";

    private static void AppendRow(StringBuilder text, IEnumerable<string> values) =>
        text.Append("| ").AppendJoin(" | ", values).Append(" |\n");
}
