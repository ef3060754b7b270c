// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;

namespace Braid.Bench.Macro;

/// <summary>
/// `./bench merge`: what request-based multipath is for, with Braid's own device.
/// </summary>
internal static class MergeCommand
{
    public static Command Create()
    {
        var options = new BenchOptions(
            "Measured rounds; each has every stream in both queue modes once.");
        var svg = new Option<string?>("--svg")
        {
            Description = "Write a plot there.",
            HelpName = "FILE",
        };
        var command = new Command("merge",
            "Neighbouring 4 KiB writes through a map in this process, over two real NBD paths, in "
            + "queue_mode bio and mq: how many requests leave, how large, and how fast.");
        options.AddTo(command, svg);
        command.SetAction((result, cancel) => NbdCommand.GuardAsync(
            () => RunAsync(options.Read(result), result.GetValue(svg), cancel)));
        return command;
    }

    private static async Task<int> RunAsync(BenchRun run, string? svg, CancellationToken cancel)
    {
        IReadOnlyList<KeyValuePair<string, string>> environment = BenchEnvironment.Describe(
            run.Command, await Tools.CheckAsync(["nbdkit"], cancel));
        IReadOnlyList<MergeResult> results =
            await new MergeBench(run.Rounds, run.Length).RunAsync(cancel);
        await new BenchPage(environment, MergeReport.Write(results)).ShowAsync(run.Markdown);
        await BenchPage.WriteAsync(svg, () => MergeChart.Write(
            results, string.Join(" · ", environment
                .Where(entry => BenchEnvironment.InChart.Contains(entry.Key))
                .Select(entry => entry.Value))));
        return 0;
    }
}
