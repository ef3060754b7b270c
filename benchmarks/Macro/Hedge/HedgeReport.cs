// SPDX-License-Identifier: Apache-2.0
using System.Text;

namespace Braid.Bench.Macro;

/// <summary>What `./bench hedge` prints, for a terminal and for a page.</summary>
internal static class HedgeReport
{
    private static readonly string[] Titles =
    [
        "selector", "hedged reads", "reads/s", "p50 µs", "p99 µs", "p99.9 µs",
        "sent twice %", "won %", "denied %",
    ];

    /// <summary>A Markdown table, which reads as well on a terminal.</summary>
    public static string Write(HedgePlan plan, IReadOnlyList<HedgeResult> results)
    {
        List<string[]> rows = [Titles, .. results.Select(Row)];
        int[] widths = [.. Titles.Select((_, i) => rows.Max(row => row[i].Length))];
        var text = new StringBuilder();
        for (int i = 0; i < rows.Count; i++)
        {
            Append(text, [.. rows[i].Zip(widths, (word, width) => word.PadRight(width))]);
            if (i == 0) Append(text, [.. widths.Select(width => new string('-', width))]);
        }
        text.Append(About(plan));
        return text.ToString();
    }

    private static string About(HedgePlan plan)
    {
        FormattableString text = $"""

            Medians of {plan.Rounds} interleaved rounds of {plan.Length.TotalSeconds} s
            (least–most). 4 KiB random reads, {plan.Depth} in flight, {plan.Rate} a second at the
            most; one of two servers is stopped for {plan.Pause.TotalMilliseconds} ms every
            {plan.Every.TotalMilliseconds} ms. Won: of those that were sent twice. Denied: of all
            reads, those that were due when the share was spent.

            """;
        return text.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    private static string[] Row(HedgeResult result)
    {
        bool isHedged = result.Setting.IsHedged;
        return
        [
            result.Setting.Selector,
            result.Setting.Name,
            Format.Significant(Of(result, one => one.Fio.Iops).Median),
            WithSpread(Of(result, one => one.Fio.P50Us)),
            WithSpread(Of(result, one => one.Fio.P99Us)),
            WithSpread(Of(result, one => one.Fio.P999Us)),
            isHedged ? WithSpread(Of(result, one => one.ExtraPercent)) : "–",
            isHedged ? Format.Significant(Of(result, WonPercent).Median) : "–",
            isHedged ? Format.Significant(Of(result, DeniedPercent).Median) : "–",
        ];
    }

    private static double WonPercent(HedgeSample sample) =>
        sample.Sent == 0 ? 0 : 100.0 * sample.Won / sample.Sent;

    private static double DeniedPercent(HedgeSample sample) =>
        100.0 * sample.Denied / sample.Fio.Ios;

    private static Spread Of(HedgeResult result, Func<HedgeSample, double> value) =>
        Spread.Of(result.Samples.Select(value));

    private static string WithSpread(Spread spread) =>
        $"{Format.Significant(spread.Median)} "
        + $"({Format.Significant(spread.Min)}–{Format.Significant(spread.Max)})";

    private static void Append(StringBuilder text, string[] cells) =>
        text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
}
