// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>Throughput and requests of each stream in both queue modes, as bars.</summary>
internal static class MergeChart
{
    private const int Width = 860;
    private const int PlotLeft = 170;
    private const int PlotWidth = 420;
    private const int Top = 70;
    private const int BarPitch = 16;
    private const int GroupGap = 18;

    public static string Write(IReadOnlyList<MergeResult> results, string subtitle)
    {
        var canvas = new SvgCanvas(Width);
        canvas.Text(16, 28, "4 KiB neighbours: a path for each bio, or for each request", "title");
        canvas.Text(16, 46, subtitle, "quiet");
        double most = results.Max(Throughput);
        int y = Top;
        foreach (IGrouping<MergeStream, MergeResult> stream in results.GroupBy(one => one.Stream))
        {
            canvas.Text(PlotLeft - 10, y + BarPitch, stream.Key.Name, "", "end");
            foreach (MergeResult result in stream)
            {
                DrawBar(canvas, result, y, most);
                y += BarPitch;
            }
            y += GroupGap;
        }
        canvas.Text(PlotLeft, y + 6, "bars: MB/s; beside them, requests of one burst on both paths",
            "quiet");
        return canvas.ToSvg(y + 24, "Throughput of merged writes in both queue modes");
    }

    private static void DrawBar(SvgCanvas canvas, MergeResult result, int y, double most)
    {
        double throughput = Throughput(result);
        double width = throughput / most * PlotWidth;
        string style = result.Mode == MergeBench.Bio ? "p0" : "s0";
        double requests = MergeReport.RequestsPerBurst(result, 0)
            + MergeReport.RequestsPerBurst(result, 1);
        string text = $"{result.Mode}: {Format.Significant(throughput)} MB/s, "
            + $"{result.Stream.Writes} writes in {Format.Significant(requests)} requests";
        canvas.Bar(PlotLeft, y, width, style, text);
        canvas.Text(PlotLeft + width + 6, y + SvgCanvas.BarHeight - 2, text, "quiet");
    }

    private static double Throughput(MergeResult result) =>
        Spread.Of(result.Samples.Select(one => one.MegabytesPerSecond)).Median;
}
