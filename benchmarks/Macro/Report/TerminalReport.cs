// SPDX-License-Identifier: Apache-2.0
using Spectre.Console;

namespace Braid.Bench.Macro;

/// <summary>The report on the terminal.</summary>
internal static class TerminalReport
{
    /// <summary>Columns of an output that is no terminal: enough for every table we make.</summary>
    private const int FileWidth = 200;

    /// <summary>Plain and wide where the output is no terminal.</summary>
    public static IAnsiConsole CreateConsole()
    {
        bool isFile = Console.IsOutputRedirected;
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isFile ? AnsiSupport.No : AnsiSupport.Detect,
        });
        if (isFile) console.Profile.Width = FileWidth;
        return console;
    }

    public static void Write(BenchReport report, IAnsiConsole console)
    {
        foreach ((string name, string value) in report.Environment)
            console.MarkupLineInterpolated($"[grey]{name,-12}[/] {value}");
        console.WriteLine();
        console.Write(ToTable(new ReportTable(report.Summaries)));
        console.MarkupLineInterpolated($"[grey]{report.Legend}[/]");
        foreach (CellSummary failed in report.Failures)
        {
            console.MarkupLineInterpolated(
                $"[red]failed[/] {failed.Cell} {failed.Contender}: {failed.Failure}");
        }
    }

    private static Table ToTable(ReportTable report)
    {
        Table table = new Table().Border(TableBorder.Simple);
        table.AddColumn(new TableColumn("cell").NoWrap());
        foreach (string title in report.Titles)
            table.AddColumn(new TableColumn(Markup.Escape(title)).RightAligned().NoWrap());
        string group = "";
        foreach (ReportRow row in report.Rows)
        {
            if (row.Group != group) table.AddRow($"[bold]{Markup.Escape(row.Group)}[/]");
            group = row.Group;
            table.AddRow(
                [$"  {Markup.Escape(row.Contender)}", .. row.Values.Select(Markup.Escape)]);
        }
        return table;
    }
}
