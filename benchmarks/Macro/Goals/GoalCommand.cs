// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;

namespace Braid.Bench.Macro;

/// <summary>`./bench goals`: every goal beside its figure, in one table.</summary>
internal static class GoalCommand
{
    private static readonly TimeSpan EngineLimit = TimeSpan.FromMinutes(5);

    public static Command Create()
    {
        var options = new BenchOptions("Measured rounds of the cells; rates have two.")
        {
            SecondsAbout = "Length of one run of a cell.",
            BraidArgsAbout =
                "More arguments for `braid run` in the cells; quotes as in a shell.",
        };
        var command = new Command("goals",
            "The cells of ./bench nbd --set goals, ./bench fairness, rates and engine --quick, and "
            + "each figure beside its goal. Goals are no tests: the exit status is 1 only when a "
            + "run failed.");
        options.AddTo(command);
        command.SetAction((result, cancel) =>
            NbdCommand.GuardAsync(() => RunAsync(options.Read(result), cancel)));
        return command;
    }

    private static async Task<int> RunAsync(BenchRun run, CancellationToken cancel)
    {
        NbdPlan plan = PlanOf(CellSets.Goals, run);
        NbdPlan loopPlan = PlanOf(
            CellSets.Loops, run with { BraidArgs = $"{run.BraidArgs} --loops 2" });
        NbdPlan uringPlan = PlanOf(
            [CellSets.Busy], run with { BraidArgs = $"{run.BraidArgs} --io io_uring" });
        var environment = BenchEnvironment.Describe(
            run.Command, await Tools.CheckAsync(plan, cancel));
        // The engine first: it wants a machine that is quiet.
        IReadOnlyList<EngineFigure> engine = await MeasureEngineAsync(cancel);
        IReadOnlyList<CellResult> cells = await NbdCommand.MeasureAsync(plan, cancel);
        IReadOnlyList<CellResult> loopCells = await NbdCommand.MeasureAsync(loopPlan, cancel);
        IReadOnlyList<CellResult> uringCells = await NbdCommand.MeasureAsync(uringPlan, cancel);
        IReadOnlyList<FairnessResult> fairness = await MeasureFairnessAsync(run, cancel);
        IReadOnlyList<RateResult> rates = await new RateBench(
            2, TimeSpan.FromSeconds(4), Checkout.BraidLauncher).RunAsync(cancel);
        var report = new BenchReport(plan, environment, cells);
        var loops = new BenchReport(loopPlan, environment, loopCells);
        var uring = new BenchReport(uringPlan, environment, uringCells);
        string table = GoalReport.Write(
            new GoalFigures(report, loops, uring, fairness, rates, engine));
        await new BenchPage(environment, table).ShowAsync(run.Markdown);
        return report.HasFailures || loops.HasFailures || uring.HasFailures ? 1 : 0;
    }

    private static NbdPlan PlanOf(IReadOnlyList<Cell> cells, BenchRun run) => new(
        cells,
        [
            Contender.Direct, Contender.QemuNbd, Contender.NbdkitNbd,
            Contender.Braid(
                "braid", Checkout.BraidLauncher, Contender.WithCounters(run.BraidArgs)),
        ])
    {
        Rounds = run.Rounds,
        Run = run.Length,
    };

    private static async Task<IReadOnlyList<FairnessResult>> MeasureFairnessAsync(
        BenchRun run, CancellationToken cancel)
    {
        Contender[] braid =
            [Contender.Braid("braid", Checkout.BraidLauncher, $"--quiet {run.BraidArgs}")];
        using var bench = new FairnessBench(run.Rounds, run.Length, braid);
        return await bench.RunAsync(cancel);
    }

    private static async Task<IReadOnlyList<EngineFigure>> MeasureEngineAsync(
        CancellationToken cancel)
    {
        using var workspace = new Workspace();
        string figures = workspace.NewFile("engine.json");
        using ChildProcess engine = ChildProcess.Start(
            ["dotnet", Checkout.EngineBench, "engine", "--quick", "--json", figures],
            workspace.NewFile("engine.log"));
        if (!await engine.WaitAsync(EngineLimit, cancel) || engine.ExitCode != 0)
            throw new BenchException($"./bench engine failed: {engine.LastWords}");
        return EngineFigure.Read(await File.ReadAllTextAsync(figures, cancel));
    }
}
