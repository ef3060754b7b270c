// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>
/// What Braid is to be, in figures. They judge nothing but themselves: no test does.
/// </summary>
internal static class GoalList
{
    private const string Engine = "engine alone, round-robin, 2 paths, rq";
    private const int Few = 2;
    private const int Many = 128;

    /// <summary>Selectors that look at no more paths when there are more.</summary>
    private static readonly string[] Constant = ["round-robin", "io-affinity"];

    /// <summary>Selectors that have to look at all.</summary>
    private static readonly string[] Linear =
        ["queue-length", "service-time", "historical-service-time"];

    public static IReadOnlyList<Goal> All { get; } =
    [
        .. Ratios(new(Workload.RandomRead, 1), 0.95, 1.7),
        .. Ratios(CellSets.Busy, 0.85, 3.0),
        .. Ratios(new(Workload.RandomWrite, 32), 0.85, 2.5),
        .. Ratios(new(Workload.SequentialRead, 32), 1.25, 4.5),
        .. Ratios(new(Workload.SequentialWrite, 32), 1.10, 3.8),
        .. Ratios(new(Workload.LargeRead, 16), 0.75, 1.45),
        .. Ratios(new(Workload.LargeWrite, 16), 0.80, 1.55),
        .. CellSets.Loops.SelectMany(cell => OnLoops(cell, 0.97, 2.9)),
        new(CellSets.Busy.Name, "CPU of the better proxy's", null, 0.2, CpuShare),
        new(CellSets.Busy.Name, "system calls an I/O", null, 0.9,
            figures => Single(figures.Of(CellSets.Busy).SystemCallsPerIo)),
        new($"{CellSets.Busy.Name}, io_uring", "system calls an I/O", null, 0.35,
            figures => Single(figures.OnUring(CellSets.Busy).SystemCallsPerIo)),
        .. Flood.All.Where(flood => flood != Flood.None).Select(flood => new Goal(
            $"a reader {flood.Name}", "times its p99 alone", null, 2,
            figures => figures.Beside(flood))),
        .. RateCase.All.Where(its => its.Share is not null).Select(Rates),
        new(Engine, "ns", null, 50, figures => Single(figures.Of(Constant[0], Few).Ns)),
        new(Engine, "bytes", null, 0, figures => Single(figures.Of(Constant[0], Few).Bytes)),
        .. Constant.Select(selector => Growth(selector, 1.2)),
        .. Linear.Select(selector => Growth(selector, null)),
    ];

    private static IEnumerable<Goal> Ratios(Cell cell, double direct, double peer) =>
    [
        new(cell.Name, "× direct", direct, null, figures => figures.Of(cell).ToDirect),
        new(cell.Name, "× better proxy", peer, null, figures => figures.Of(cell).ToBestPeer),
    ];

    /// <summary>The same of a Braid with two loops.</summary>
    private static IEnumerable<Goal> OnLoops(Cell cell, double direct, double peer) =>
    [
        new($"{cell.Name}, 2 loops", "× direct", direct, null,
            figures => figures.OnLoops(cell).ToDirect),
        new($"{cell.Name}, 2 loops", "× better proxy", peer, null,
            figures => figures.OnLoops(cell).ToBestPeer),
    ];

    private static Goal Rates(RateCase its) => new(
        $"{its.Name}, {its.Selector!.Split(' ')[0]}", "of the fast paths' sum",
        its.Share, null,
        figures => RateReport.Share(
            figures.Rates, figures.Rates.Single(result => result.Case == its)));

    /// <summary>What 126 more paths cost; without a goal, what each of them does.</summary>
    private static Goal Growth(string selector, double? most) => most is null
        ? new($"{selector}, from {Few} to {Many} paths", "ns for each path more", null, null,
            figures => Single(
                (figures.Of(selector, Many).Ns - figures.Of(selector, Few).Ns) / (Many - Few)))
        : new($"{selector}, from {Few} to {Many} paths", "times the ns", null, most,
            figures => Single(figures.Of(selector, Many).Ns / figures.Of(selector, Few).Ns));

    private static Spread? CpuShare(GoalFigures figures)
    {
        double? least = figures.PeersOf(CellSets.Busy).Min(peer => peer.CpuPerMillion);
        return Single(figures.Of(CellSets.Busy).CpuPerMillion / least);
    }

    private static Spread? Single(double? value) =>
        value is double number ? new Spread(number, number, number) : null;
}
