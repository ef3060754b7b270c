// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using System.Xml.Linq;
using Braid.Bench.Macro;
using Spectre.Console;

namespace Braid.Tests.Bench;

public sealed class ReportTests
{
    private static readonly BenchReport Good = Results.Report(
        Results.Of(Contender.Direct, 100_000, 100_000, 100_000),
        Results.Of(Contender.QemuNbd, 25_000, 20_000, 30_000),
        Results.Of(Results.Braid, 80_000, 70_000, 90_000));

    private static readonly BenchReport Bad = Results.Report(
        Results.Of(Contender.Direct, 100_000), Results.Failed(Results.Braid, "round 1: it <died>"));

    [Fact]
    public void Markdown_has_the_environment_and_a_row_for_each_contender()
    {
        string[] lines = MarkdownReport.Write(Good).Split('\n');
        lines.ShouldContain("- machine: a <fast> one, 2 cores");
        lines.ShouldContain("- command: `./bench nbd --cells 'a|b'`");
        lines.ShouldContain(line => line.StartsWith(
            "| randread-4k-d32 | direct | 100 (100–100) | 1 | – | – |"));
        lines.ShouldContain(line => line.StartsWith(
            "|  | braid | 80.0 (70.0–90.0) | 0.80 (0.70–0.90) | 3.20 (3.00–3.50) | 6.25 |"));
        int[] bars = [.. lines.Where(line => line.StartsWith('|')).Select(line => line.Count('|'))];
        bars.ShouldAllBe(count => count == bars[0]);
    }

    [Fact]
    public void A_failure_is_named_and_has_no_numbers()
    {
        string text = MarkdownReport.Write(Bad);
        text.ShouldContain("|  | braid | failed | – |");
        text.ShouldContain("- **failed** randread-4k-d32 braid: `round 1: it <died>`");
        Bad.HasFailures.ShouldBeTrue();
        Good.HasFailures.ShouldBeFalse();
    }

    [Fact]
    public void The_terminal_shows_the_same_rows()
    {
        using var writer = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        console.Profile.Width = 200;
        TerminalReport.Write(Good, console);
        TerminalReport.Write(Bad, console);
        writer.ToString().ShouldContain("0.80 (0.70–0.90)");
        writer.ToString().ShouldContain("failed randread-4k-d32 braid: round 1: it <died>");
    }

    [Fact]
    public void Columns_that_nobody_fills_are_left_out()
    {
        new ReportTable(Good.Summaries).Titles.ShouldNotContain("calls/IO");
        new ReportTable(Bad.Summaries).Titles.ShouldNotContain("× better peer");
    }

    [Fact]
    public void Several_cells_get_a_mean_of_their_ratios()
    {
        CellResult[] results =
        [
            Results.Of(Contender.Direct, 100), Results.Of(Results.Braid, 80),
            In(new Cell(Workload.LargeRead, 8), Contender.Direct, 100),
            In(new Cell(Workload.LargeRead, 8), Results.Braid, 20),
        ];
        ReportRow mean = new ReportTable(Summarizer.Summarize(results)).Rows[^1];
        mean.Contender.ShouldBe("braid");
        mean.Values[1].ShouldBe("0.40");

        results[3].Failure = "it died";
        new ReportTable(Summarizer.Summarize(results)).Rows[^1].Values[1].ShouldBe("–");
    }

    [Fact]
    public void Json_holds_every_run()
    {
        JsonElement root = JsonDocument.Parse(JsonReport.Write(Good)).RootElement;
        root.GetProperty("store").GetString().ShouldBe("memory");
        JsonElement braid = root.GetProperty("cells")[2];
        braid.GetProperty("contender").GetString().ShouldBe("braid");
        braid.GetProperty("summary").GetProperty("to_direct").GetProperty("median").GetDouble()
            .ShouldBe(0.8);
        braid.GetProperty("samples").GetArrayLength().ShouldBe(3);
        braid.GetProperty("samples")[1].GetProperty("fio").GetProperty("iops").GetDouble()
            .ShouldBe(70_000);
    }

    [Fact]
    public void The_chart_is_XML_with_a_bar_for_each_ratio_and_nothing_from_elsewhere()
    {
        XElement svg = XElement.Parse(SvgChart.Write(Good));
        XNamespace ns = "http://www.w3.org/2000/svg";
        svg.Descendants(ns + "rect").Elements(ns + "title").Select(title => title.Value).ShouldBe(
        [
            "qemu-nbd", "braid",
            "randread-4k-d32 qemu-nbd: 0.25 of direct", "randread-4k-d32 braid: 0.80 of direct",
        ]);
        svg.ToString().ShouldNotContain("href");
        svg.ToString().ShouldContain("prefers-color-scheme: dark");
    }

    [Fact]
    public void The_chart_says_failed_where_there_is_no_ratio()
    {
        XElement svg = XElement.Parse(SvgChart.Write(Bad));
        svg.Descendants().Select(node => node.Value).ShouldContain("failed");
    }

    [Theory]
    [InlineData(0.824, "0.82")]
    [InlineData(9.994, "9.99")]
    [InlineData(9.996, "10.0")]
    [InlineData(99.96, "100")]
    [InlineData(12345.6, "12346")]
    public void Numbers_keep_about_three_digits(double value, string text) =>
        Format.Significant(value).ShouldBe(text);

    private static CellResult In(Cell cell, Contender contender, double iops)
    {
        var result = new CellResult(cell, contender);
        result.Samples.AddRange(Results.Of(contender, iops).Samples);
        return result;
    }
}
