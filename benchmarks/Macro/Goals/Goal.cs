// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>What is wanted of one figure.</summary>
/// <param name="What">The condition.</param>
/// <param name="Figure">What is measured of it.</param>
/// <param name="Least">It is to be so much or more; or null.</param>
/// <param name="Most">It is to be so much or less; or null.</param>
/// <param name="Measure">The figure; null where a run has failed.</param>
internal sealed record Goal(
    string What, string Figure, double? Least, double? Most, Func<GoalFigures, Spread?> Measure)
{
    public bool? IsMet(GoalFigures figures) => Measure(figures) is Spread spread
        ? (Least is null || spread.Median >= Least) && (Most is null || spread.Median <= Most)
        : null;
}

/// <summary>All that goals are judged by.</summary>
/// <param name="Nbd">Of the cells of <see cref="CellSets.Goals"/>.</param>
/// <param name="Loops">Of <see cref="CellSets.Loops"/>, with two loops.</param>
/// <param name="Uring">Of <see cref="CellSets.Busy"/>, on io_uring.</param>
/// <param name="Fairness">Of every <see cref="Flood"/>.</param>
/// <param name="Rates">Of <see cref="RateCase.All"/>.</param>
/// <param name="Engine">Of `./bench engine --quick`.</param>
internal sealed record GoalFigures(
    BenchReport Nbd, BenchReport Loops, BenchReport Uring,
    IReadOnlyList<FairnessResult> Fairness, IReadOnlyList<RateResult> Rates,
    IReadOnlyList<EngineFigure> Engine)
{
    /// <summary>Braid's in that cell.</summary>
    public CellSummary Of(Cell cell) => Of(Nbd, cell);

    /// <summary>Braid's with two loops.</summary>
    public CellSummary OnLoops(Cell cell) => Of(Loops, cell);

    /// <summary>Braid's on io_uring.</summary>
    public CellSummary OnUring(Cell cell) => Of(Uring, cell);

    /// <summary>Braid's p99 beside a flood, to that without it.</summary>
    public Spread Beside(Flood flood) => FairnessReport.ToAlone(
        Fairness,
        Fairness.First(one =>
            one.Flood == flood && one.Contender.Kind == ContenderKind.Subject));

    private static CellSummary Of(BenchReport report, Cell cell) => report.Summaries.First(
        one => one.Cell == cell && one.Contender.Kind == ContenderKind.Subject);

    public IEnumerable<CellSummary> PeersOf(Cell cell) => Nbd.Summaries.Where(
        one => one.Cell == cell && one.Contender.Kind == ContenderKind.Peer);

    public EngineFigure Of(string selector, int paths) =>
        Engine.First(one => one.Selector == selector && one.Paths == paths);
}
