// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>A row: the cell it belongs to, the contender, the text of each column.</summary>
internal sealed record ReportRow(string Group, string Contender, IReadOnlyList<string> Values);

/// <summary>The one table of a report; terminal and Markdown only draw it.</summary>
internal sealed class ReportTable
{
    private const string None = "–";

    private sealed record Column(string Title, Func<CellSummary, string> Value);

    private readonly IReadOnlyList<Column> _columns;

    public ReportTable(IReadOnlyList<CellSummary> summaries)
    {
        _columns = [.. Columns(summaries)];
        Rows = [.. summaries.Select(ToRow), .. Means(summaries)];
    }

    public IReadOnlyList<string> Titles => [.. _columns.Select(column => column.Title)];

    public IReadOnlyList<ReportRow> Rows { get; }

    private ReportRow ToRow(CellSummary summary) => new(
        summary.Cell.Name,
        summary.Contender.Name,
        summary.Failure is null
            ? [.. _columns.Select(column => column.Value(summary))]
            : ["failed", .. Enumerable.Repeat(None, _columns.Count - 1)]);

    /// <summary>Columns that nobody fills are left out.</summary>
    private static IEnumerable<Column> Columns(IReadOnlyList<CellSummary> summaries)
    {
        yield return new("kIOPS", one => WithSpread(one.Iops, 1e-3));
        yield return new("× direct", ToDirect);
        if (summaries.Any(one => one.Contender.Kind == ContenderKind.Peer))
            yield return new("× better peer", one => WithSpread(one.ToBestPeer));
        if (Reference(summaries) is string reference)
            yield return new($"× {reference}", one => WithSpread(one.ToReference));
        yield return new("CPU s/M", one => Number(one.CpuPerMillion));
        if (summaries.Any(one => one.ServerCpuPerMillion is not null))
            yield return new("server s/M", one => Number(one.ServerCpuPerMillion));
        yield return new("p50 µs", one => Number(one.P50Us));
        yield return new("p99 µs", one => Number(one.P99Us));
        yield return new("p99.9 µs", one => Number(one.P999Us));
        if (summaries.Any(one => one.SystemCallsPerIo is not null))
            yield return new("calls/IO", one => Number(one.SystemCallsPerIo));
        if (summaries.Any(one => one.AllocatedBytesPerIo is not null))
            yield return new("alloc B/IO", one => Number(one.AllocatedBytesPerIo));
    }

    private static string ToDirect(CellSummary one) =>
        one.Contender.Kind == ContenderKind.Direct ? "1" : WithSpread(one.ToDirect);

    private static string? Reference(IReadOnlyList<CellSummary> summaries)
    {
        string[] subjects =
        [
            .. summaries.Where(one => one.Contender.Kind == ContenderKind.Subject)
                .Select(one => one.Contender.Name).Distinct(StringComparer.Ordinal),
        ];
        return subjects.Length > 1 ? subjects[0] : null;
    }

    /// <summary>One row for each contender over all cells, where none of them failed.</summary>
    private IEnumerable<ReportRow> Means(IReadOnlyList<CellSummary> summaries)
    {
        if (summaries.Select(one => one.Cell).Distinct().Take(2).Count() < 2) yield break;
        foreach (var cells in summaries.GroupBy(one => one.Contender))
        {
            if (cells.Key.Kind == ContenderKind.Direct) continue;
            yield return new("geometric mean of all", cells.Key.Name,
            [
                .. _columns.Select(column => column.Title switch
                {
                    "× direct" => Mean(cells, one => one.ToDirect),
                    "× better peer" => Mean(cells, one => one.ToBestPeer),
                    ['×', ..] => Mean(cells, one => one.ToReference),
                    _ => "",
                }),
            ]);
        }
    }

    private static string Mean(IEnumerable<CellSummary> cells, Func<CellSummary, Spread?> ratio)
    {
        Spread?[] ratios = [.. cells.Select(ratio)];
        return ratios.Contains(null)
            ? None
            : Number(Spread.GeometricMean(ratios.Select(one => one!.Value.Median)));
    }

    private static string WithSpread(Spread? spread, double scale = 1) =>
        spread is not Spread value
            ? None
            : $"{Number(value.Median * scale)} "
                + $"({Number(value.Min * scale)}–{Number(value.Max * scale)})";

    private static string Number(double? value) =>
        value is double number ? Format.Significant(number) : None;
}
