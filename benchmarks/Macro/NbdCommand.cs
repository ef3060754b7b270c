// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;

namespace Braid.Bench.Macro;

/// <summary>`./bench nbd`: what is typed, what is printed, and the exit status.</summary>
internal static class NbdCommand
{
    private const int Done = 0;
    private const int Failed = 1;
    private const int Interrupted = 130;

    /// <summary>Above this share of busy cores at the start, the reader is warned.</summary>
    private const double BusyLimit = 0.3;

    public static Command Create()
    {
        var options = new NbdOptions();
        var command = new Command("nbd",
            "Measures fio through Braid, qemu-nbd and nbdkit nbd, and against the server itself, "
            + "side by side in one run. Exit status 1 when a run failed; no ratio is made of it.");
        foreach (Option option in options.All) command.Options.Add(option);
        command.SetAction((result, cancel) => GuardAsync(async () =>
        {
            NbdPlan plan = options.ToPlan(result);
            if (!result.GetValue(options.List))
                return await RunAsync(options, plan, result, cancel);
            PlanList.Write(plan, Console.Out);
            return Done;
        }));
        return command;
    }

    /// <summary>Runs a benchmark; what the person can mend is one line, and status 1.</summary>
    public static async Task<int> GuardAsync(Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (BenchException exception)
        {
            await Console.Error.WriteLineAsync($"bench: {exception.Message}");
            return Failed;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("bench: interrupted");
            return Interrupted;
        }
    }

    private static async Task<int> RunAsync(
        NbdOptions options, NbdPlan plan, ParseResult result, CancellationToken cancel)
    {
        BenchReport report = await ReportAsync(
            plan, ["./bench", .. options.MeasuringTokens(result)], cancel);
        (Option<string?> File, Func<BenchReport, string> Write)[] outputs =
        [
            (options.Json, JsonReport.Write), (options.Markdown, MarkdownReport.Write),
            (options.Svg, SvgChart.Write),
        ];
        foreach ((Option<string?> file, Func<BenchReport, string> write) in outputs)
            await BenchPage.WriteAsync(result.GetValue(file), () => write(report));
        return report.HasFailures ? Failed : Done;
    }

    /// <summary>Checks the tools, runs the plan, and shows what came of it.</summary>
    public static async Task<BenchReport> ReportAsync(
        NbdPlan plan, IReadOnlyList<string> words, CancellationToken cancel)
    {
        var environment = BenchEnvironment.Describe(
            CommandWords.Join(words), await Tools.CheckAsync(plan, cancel));
        await Console.Error.WriteLineAsync(PlanList.Summary(plan));
        if (BenchEnvironment.BusyShare() > BusyLimit)
            await Console.Error.WriteLineAsync(
                "bench: the machine is busy: spreads will be wide; trust ratios more than rates");

        IReadOnlyList<CellResult> results = await MeasureAsync(plan, cancel);
        var report = new BenchReport(plan, environment, results);
        TerminalReport.Write(report, TerminalReport.CreateConsole());
        return report;
    }

    public static async Task<IReadOnlyList<CellResult>> MeasureAsync(
        NbdPlan plan, CancellationToken cancel)
    {
        var progress = new Progress(Console.Error, !Console.IsErrorRedirected);
        using var bench = new NbdBench(plan, progress);
        try
        {
            await bench.RunAsync(cancel);
        }
        finally
        {
            progress.End();
        }
        return bench.Results;
    }
}
