// SPDX-License-Identifier: Apache-2.0
using System.Text;

namespace Braid.Bench.Macro;

/// <summary>The report as Markdown, ready to be pasted into a page.</summary>
internal static class MarkdownReport
{
    public static string Write(BenchReport report)
    {
        var text = new StringBuilder();
        foreach ((string name, string value) in report.Environment)
            text.AppendLine($"- {name}: {Code(name, value)}");
        text.AppendLine();
        AppendTable(text, new ReportTable(report.Summaries));
        text.AppendLine().AppendLine(report.Legend);
        if (report.HasFailures) text.AppendLine();
        foreach (CellSummary failed in report.Failures)
            text.AppendLine($"- **failed** {failed.Cell} {failed.Contender}: `{failed.Failure}`");
        return text.ToString();
    }

    private static string Code(string name, string value) =>
        name == BenchEnvironment.CommandName ? $"`{value}`" : value;

    private static void AppendTable(StringBuilder text, ReportTable table)
    {
        AppendRow(text, ["cell", "contender", .. table.Titles]);
        AppendRow(text, ["---", "---", .. table.Titles.Select(_ => "---:")]);
        string group = "";
        foreach (ReportRow row in table.Rows)
        {
            AppendRow(text, [row.Group == group ? "" : row.Group, row.Contender, .. row.Values]);
            group = row.Group;
        }
    }

    private static void AppendRow(StringBuilder text, IEnumerable<string> values) =>
        text.Append("| ").AppendJoin(" | ", values.Select(Escape)).AppendLine(" |");

    private static string Escape(string value) =>
        value.Replace("|", "\\|", StringComparison.Ordinal);
}
