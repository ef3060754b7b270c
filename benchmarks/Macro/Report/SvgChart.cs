// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

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
    private const int BarPitch = 15;
    private const int GroupGap = 14;

    private readonly SvgCanvas _svg = new(Width);
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
        _svg.Text(16, 28, "IOPS as a share of the server itself", "title");
        _svg.Text(16, 46, Subtitle(report), "quiet");
        DrawLegend();
        DrawGrid(bottom);
        for (int i = 0; i < _cells.Count; i++) DrawCell(_cells[i], Top + i * groupHeight);
        _svg.Text(PlotLeft, bottom + 34,
            "dashed: the server itself; thin lines: least to most of all rounds", "quiet");
        return _svg.ToSvg(height, "I/O operations per second as a share of the server itself");
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
            _svg.Bar(x, 64, 12, style, contender.Name);
            _svg.Text(x + 17, 74, contender.Name);
            x += 40 + contender.Name.Length * 7;
        }
    }

    private void DrawGrid(int bottom)
    {
        double step = _max > 3 ? 0.5 : 0.2;
        for (double value = 0; value <= _max; value += step)
        {
            _svg.Line(X(value), Top - 6, X(value), bottom, "grid");
            _svg.Text(X(value), bottom + 16, value.ToString("0.0", CultureInfo.InvariantCulture),
                "quiet", "middle");
        }
        _svg.Line(X(1), Top - 6, X(1), bottom, "one");
    }

    private void DrawCell(IGrouping<Cell, CellSummary> cell, int top)
    {
        int middle = top + _series.Count * BarPitch / 2 + 2;
        _svg.Text(PlotLeft - 10, middle, cell.Key.Name, "", "end");
        for (int i = 0; i < _series.Count; i++)
        {
            CellSummary summary = cell.Single(one => one.Contender == _series[i].Contender);
            DrawBar(summary, _series[i].Style, top + i * BarPitch);
        }
    }

    private void DrawBar(CellSummary summary, string style, int y)
    {
        int baseline = y + SvgCanvas.BarHeight - 2;
        if (summary.ToDirect is not Spread ratio)
        {
            string why = summary.Failure is null ? "no ratio: direct failed" : "failed";
            _svg.Text(PlotLeft + 5, baseline, why, "quiet failed");
            return;
        }
        string value = Format.Significant(ratio.Median);
        _svg.Bar(PlotLeft, y, X(ratio.Median) - PlotLeft, style,
            $"{summary.Cell} {summary.Contender}: {value} of direct");
        double half = y + SvgCanvas.BarHeight / 2.0;
        _svg.Line(X(ratio.Min), half, X(ratio.Max), half, "spread");
        _svg.Text(X(Math.Max(ratio.Median, ratio.Max)) + 5, baseline, value, "quiet");
    }

    private double X(double ratio) => PlotLeft + ratio / _max * (PlotRight - PlotLeft);
}
