// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using System.Globalization;

namespace Braid.Bench.Macro;

/// <summary>`./bench goals`: every goal beside its figure, in one table.</summary>
internal static class GoalCommand
{
    private static readonly TimeSpan EngineLimit = TimeSpan.FromMinutes(5);

    public static Command Create()
    {
        var rounds = new Option<int>("--rounds")
        {
            Description = "Measured rounds of the cells; rates have two.",
            DefaultValueFactory = _ => 5,
            HelpName = "N",
        };
        var seconds = new Option<double>("--seconds")
        {
            Description = "Length of one run of a cell.",
            DefaultValueFactory = _ => 1,
            HelpName = "S",
        };
        var braidArgs = new Option<string>("--braid-args")
        {
            Description = "More arguments for `braid run` in the cells; quotes as in a shell.",
            DefaultValueFactory = _ => "",
            HelpName = "ARGS",
        };
        var markdown = new Option<string?>("--markdown")
        {
            Description = "Write the table and the environment there.",
            HelpName = "FILE",
        };
        var command = new Command("goals",
            "The cells of ./bench nbd --set goals, ./bench rates and ./bench engine --quick, and "
            + "each figure beside its goal. Goals are no tests: the exit status is 1 only when a "
            + "run failed.")
            { rounds, seconds, braidArgs, markdown };
        command.SetAction((result, cancel) => NbdCommand.GuardAsync(() => RunAsync(
            result.GetValue(rounds), result.GetValue(seconds), result.GetValue(braidArgs)!,
            result.GetValue(markdown), cancel)));
        return command;
    }

    private static async Task<int> RunAsync(
        int rounds, double seconds, string braidArgs, string? markdown, CancellationToken cancel)
    {
        if (rounds < 1 || seconds < 0.1)
            throw new BenchException("--rounds must be 1 or more, --seconds 0.1 or more");
        NbdPlan plan = PlanOf(CellSets.Goals, rounds, seconds, braidArgs);
        NbdPlan loopPlan = PlanOf(CellSets.Loops, rounds, seconds, $"{braidArgs} --loops 2");
        string words = string.Create(CultureInfo.InvariantCulture,
            $"./bench goals --rounds {rounds} --seconds {seconds}")
            + (braidArgs.Length > 0 ? $" --braid-args '{braidArgs}'" : "");
        var environment = BenchEnvironment.Describe(words, await Tools.CheckAsync(plan, cancel));
        // The engine first: it wants a machine that is quiet.
        IReadOnlyList<EngineFigure> engine = await MeasureEngineAsync(cancel);
        IReadOnlyList<CellResult> cells = await NbdCommand.MeasureAsync(plan, cancel);
        IReadOnlyList<CellResult> loopCells = await NbdCommand.MeasureAsync(loopPlan, cancel);
        IReadOnlyList<RateResult> rates = await new RateBench(
            2, TimeSpan.FromSeconds(4), Checkout.BraidLauncher).RunAsync(cancel);
        var report = new BenchReport(plan, environment, cells);
        var loops = new BenchReport(loopPlan, environment, loopCells);
        string table = GoalReport.Write(new GoalFigures(report, loops, rates, engine));
        Console.Write(table);
        string page = string.Concat(environment.Select(one => $"- {one.Key}: {one.Value}\n"));
        await NbdCommand.WriteAsync(markdown, () => $"{page}\n{table}");
        return report.HasFailures || loops.HasFailures ? 1 : 0;
    }

    private static NbdPlan PlanOf(
        IReadOnlyList<Cell> cells, int rounds, double seconds, string braidArgs) => new(
        cells,
        [
            Contender.Direct, Contender.QemuNbd, Contender.NbdkitNbd,
            Contender.Braid(
                "braid", Checkout.BraidLauncher, Contender.WithCounters(braidArgs)),
        ])
    {
        Rounds = rounds,
        Run = TimeSpan.FromSeconds(seconds),
    };

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
