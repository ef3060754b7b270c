// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Net;
using System.Text;

namespace Braid.Bench.Macro;

/// <summary>
/// The ratios to the server itself as bars, one group for each cell, with the spread as a line.
/// Nothing but SVG and its own style sheet, which follows the reader's light or dark page.
/// </summary>
internal sealed class SvgChart
{
    private const int Width = 860;
    private const int PlotLeft = 190;
    private const int PlotRight = Width - 60;
    private const int Top = 96;
    private const int BarHeight = 12;
    private const int BarPitch = 15;
    private const int GroupGap = 14;

    private const string Style = """
        <style>
          text { font: 12px system-ui, sans-serif; fill: #24292f; }
          .page { fill: #ffffff; }
          .title { font-size: 17px; font-weight: 600; }
          .quiet { fill: #6e7781; font-size: 11px; }
          .grid { stroke: #d0d7de; }
          .one { stroke: #24292f; stroke-dasharray: 4 3; }
          .spread { stroke: #24292f; stroke-opacity: .6; }
          .failed { fill: #cf222e; }
          .s0 { fill: #0f7b8a; } .s1 { fill: #e08a1e; }
          .s2 { fill: #8250df; } .s3 { fill: #2da44e; }
          .p0 { fill: #8c959f; } .p1 { fill: #bcc4cc; } .p2 { fill: #57606a; }
          @media (prefers-color-scheme: dark) {
            .page { fill: #0d1117; }
            text { fill: #e6edf3; }
            .quiet { fill: #8d96a0; }
            .grid { stroke: #30363d; }
            .one, .spread { stroke: #e6edf3; }
            .failed { fill: #ff7b72; }
            .s0 { fill: #39b5c6; } .s1 { fill: #f0a848; }
            .s2 { fill: #a983f5; } .s3 { fill: #56d364; }
            .p0 { fill: #6e7681; } .p1 { fill: #484f58; } .p2 { fill: #9aa4af; }
          }
        </style>
        """;

    private readonly StringBuilder _svg = new();
    private readonly IReadOnlyList<IGrouping<Cell, CellSummary>> _cells;
    private readonly IReadOnlyList<(Contender Contender, string Style)> _series;
    private readonly double _max;

    private SvgChart(IReadOnlyList<CellSummary> summaries)
    {
        CellSummary[] drawn =
            [.. summaries.Where(one => one.Contender.Kind != ContenderKind.Direct)];
        _cells = [.. drawn.GroupBy(one => one.Cell)];
        _series = [.. Series([.. drawn.Select(one => one.Contender).Distinct()])];
        double most = drawn.Max(one => one.ToDirect?.Max) ?? 1;
        _max = Math.Max(1.1, most * 1.02);
    }

    public static string Write(BenchReport report) => new SvgChart(report.Summaries).Draw(report);

    private string Draw(BenchReport report)
    {
        int groupHeight = _series.Count * BarPitch + GroupGap;
        int bottom = Top + _cells.Count * groupHeight;
        int height = bottom + 44;
        _svg.AppendLine(CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {height}\" "
            + $"width=\"{Width}\" height=\"{height}\" role=\"img\" "
            + $"aria-label=\"I/O operations per second as a share of the server itself\">");
        // A ground of its own: a viewer that knows no colour scheme is readable on any page.
        _svg.AppendLine(Style)
            .AppendLine("<rect width=\"100%\" height=\"100%\" rx=\"8\" class=\"page\"/>");
        Text(16, 28, "IOPS as a share of the server itself", "title");
        Text(16, 46, Subtitle(report), "quiet");
        DrawLegend();
        DrawGrid(bottom);
        for (int i = 0; i < _cells.Count; i++) DrawCell(_cells[i], Top + i * groupHeight);
        Text(PlotLeft, bottom + 34,
            "dashed: the server itself; thin lines: least to most of all rounds", "quiet");
        return _svg.AppendLine("</svg>").ToString();
    }

    private static string Subtitle(BenchReport report) => string.Join(" · ",
        report.Environment.Where(entry => BenchEnvironment.InChart.Contains(entry.Key))
            .Select(entry => entry.Value)
            .Append(string.Create(CultureInfo.InvariantCulture,
                $"{report.Plan.Rounds} rounds of {report.Plan.Run.TotalSeconds:0.##} s")));

    private static IEnumerable<(Contender, string)> Series(IReadOnlyList<Contender> contenders)
    {
        int subjects = 0;
        int peers = 0;
        foreach (Contender contender in contenders)
        {
            yield return contender.Kind == ContenderKind.Subject
                ? (contender, $"s{subjects++ % 4}")
                : (contender, $"p{peers++ % 3}");
        }
    }

    private void DrawLegend()
    {
        int x = PlotLeft;
        foreach ((Contender contender, string style) in _series)
        {
            Bar(x, 64, 12, style, contender.Name);
            Text(x + 17, 74, contender.Name);
            x += 40 + contender.Name.Length * 7;
        }
    }

    private void DrawGrid(int bottom)
    {
        double step = _max > 3 ? 0.5 : 0.2;
        for (double value = 0; value <= _max; value += step)
        {
            Line(X(value), Top - 6, X(value), bottom, "grid");
            Text(X(value), bottom + 16, value.ToString("0.0", CultureInfo.InvariantCulture),
                "quiet", "middle");
        }
        Line(X(1), Top - 6, X(1), bottom, "one");
    }

    private void DrawCell(IGrouping<Cell, CellSummary> cell, int top)
    {
        int middle = top + _series.Count * BarPitch / 2 + 2;
        Text(PlotLeft - 10, middle, cell.Key.Name, "", "end");
        for (int i = 0; i < _series.Count; i++)
        {
            CellSummary summary = cell.Single(one => one.Contender == _series[i].Contender);
            DrawBar(summary, _series[i].Style, top + i * BarPitch);
        }
    }

    private void DrawBar(CellSummary summary, string style, int y)
    {
        int baseline = y + BarHeight - 2;
        if (summary.ToDirect is not Spread ratio)
        {
            string why = summary.Failure is null ? "no ratio: direct failed" : "failed";
            Text(PlotLeft + 5, baseline, why, "quiet failed");
            return;
        }
        string value = Format.Significant(ratio.Median);
        Bar(PlotLeft, y, X(ratio.Median) - PlotLeft, style,
            $"{summary.Cell} {summary.Contender}: {value} of direct");
        double half = y + BarHeight / 2.0;
        Line(X(ratio.Min), half, X(ratio.Max), half, "spread");
        Text(X(Math.Max(ratio.Median, ratio.Max)) + 5, baseline, value, "quiet");
    }

    private double X(double ratio) => PlotLeft + ratio / _max * (PlotRight - PlotLeft);

    private void Bar(double x, double y, double width, string style, string title) =>
        _svg.AppendLine(CultureInfo.InvariantCulture,
            $"<rect x=\"{x:0.#}\" y=\"{y:0.#}\" width=\"{width:0.#}\" height=\"{BarHeight}\" "
            + $"rx=\"2\" class=\"{style}\"><title>{WebUtility.HtmlEncode(title)}</title></rect>");

    private void Line(double x1, double y1, double x2, double y2, string style) =>
        _svg.AppendLine(CultureInfo.InvariantCulture,
            $"<line x1=\"{x1:0.#}\" y1=\"{y1:0.#}\" x2=\"{x2:0.#}\" y2=\"{y2:0.#}\" "
            + $"class=\"{style}\"/>");

    private void Text(
        double x, double y, string text, string style = "", string anchor = "start") =>
        _svg.AppendLine(CultureInfo.InvariantCulture,
            $"<text x=\"{x:0.#}\" y=\"{y:0.#}\" class=\"{style}\" text-anchor=\"{anchor}\">"
            + $"{WebUtility.HtmlEncode(text)}</text>");
}
