// SPDX-License-Identifier: Apache-2.0
using System.Text;

namespace Braid.Bench.Macro;

/// <summary>What `./bench merge` prints, for a terminal and for a page.</summary>
internal static class MergeReport
{
    private static readonly string[] Titles =
    [
        "stream", "queue_mode", "requests on p0", "on p1", "KiB a request", "MB/s", "× bio",
    ];

    /// <summary>A Markdown table, which reads as well on a terminal.</summary>
    public static string Write(IReadOnlyList<MergeResult> results)
    {
        List<string[]> rows = [Titles, .. results.Select(result => Row(results, result))];
        int[] widths = [.. Titles.Select((_, i) => rows.Max(row => row[i].Length))];
        var text = new StringBuilder();
        for (int i = 0; i < rows.Count; i++)
        {
            Append(text, [.. rows[i].Zip(widths, Pad)]);
            if (i == 0) Append(text, [.. widths.Select(width => new string('-', width))]);
        }
        text.Append('\n');
        foreach (MergeStream stream in MergeStream.All)
            text.Append($"- {stream.Name}: {stream.About}; requests are those of one burst.\n");
        return text.ToString();
    }

    /// <summary>Requests that one burst becomes on a path, the median of the rounds.</summary>
    public static double RequestsPerBurst(MergeResult result, int path) =>
        Spread.Of(result.Samples.Select(one => (double)one.Requests[path] / one.Bursts)).Median;

    private static string[] Row(IReadOnlyList<MergeResult> results, MergeResult result)
    {
        MergeResult bio = results.First(
            one => one.Stream == result.Stream && one.Mode == MergeBench.Bio);
        IEnumerable<double> ratios = result.Samples.Zip(
            bio.Samples, (a, b) => a.MegabytesPerSecond / b.MegabytesPerSecond);
        return
        [
            result.Stream.Name,
            result.Mode,
            Format.Significant(RequestsPerBurst(result, 0)),
            Format.Significant(RequestsPerBurst(result, 1)),
            Format.Significant(Spread.Of(result.Samples.Select(one => one.KibPerRequest)).Median),
            WithSpread(Spread.Of(result.Samples.Select(one => one.MegabytesPerSecond))),
            result.Mode == MergeBench.Bio ? "1" : WithSpread(Spread.Of(ratios)),
        ];
    }

    private static string WithSpread(Spread spread) =>
        $"{Format.Significant(spread.Median)} "
        + $"({Format.Significant(spread.Min)}–{Format.Significant(spread.Max)})";

    private static string Pad(string text, int width) => text.PadRight(width);

    private static void Append(StringBuilder text, string[] cells) =>
        text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
}
