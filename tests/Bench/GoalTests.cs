// SPDX-License-Identifier: Apache-2.0
using Braid.Bench.Macro;

namespace Braid.Tests.Bench;

public sealed class GoalTests
{
    private static readonly BenchReport NoCells = new(new NbdPlan([], []), [], []);
    private static readonly GoalFigures NoFigures = new(NoCells, NoCells, NoCells, [], [], []);

    [Theory]
    [InlineData(2.0, null, 2.0, true)]
    [InlineData(2.0, null, 1.99, false)]
    [InlineData(null, 0.2, 0.2, true)]
    [InlineData(null, 0.2, 0.21, false)]
    public void A_goal_is_met_by_the_median(
        double? least, double? most, double median, bool isMet) =>
        new Goal("c", "f", least, most, _ => new Spread(median, 0, 9)).IsMet(NoFigures)
            .ShouldBe(isMet);

    [Fact]
    public void What_failed_has_neither_met_nor_missed_its_goal() =>
        new Goal("c", "f", 1, null, _ => null).IsMet(NoFigures).ShouldBeNull();

    [Fact]
    public void Every_goal_finds_its_cell_and_its_engine()
    {
        string[] cells =
        [
            .. CellSets.Goals.Select(cell => cell.Name),
            .. CellSets.Loops.Select(cell => $"{cell.Name}, 2 loops"),
        ];
        GoalList.All.Where(goal => goal.Figure == "× direct").Select(goal => goal.What)
            .ShouldBe(cells);
        GoalList.All.Count(goal => goal.Figure.StartsWith("ns for", StringComparison.Ordinal))
            .ShouldBe(3);
        GoalList.All.Count(goal => goal.Figure == "times its p99 alone").ShouldBe(2);
        GoalList.All.Count(goal => goal.Figure == "system calls an I/O").ShouldBe(2);
    }

    [Fact]
    public void Figures_of_the_engine_are_read_as_they_were_written()
    {
        EngineFigure[] figures =
            [new() { Selector = "round-robin", Paths = 2, Ns = 49.5, Bytes = 0 }];
        EngineFigure.Read(EngineFigure.Write(figures)).ShouldBe(figures);
        Should.Throw<BenchException>(() => EngineFigure.Read("[{"));
    }
}
