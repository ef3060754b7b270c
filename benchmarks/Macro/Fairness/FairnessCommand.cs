// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;

namespace Braid.Bench.Macro;

/// <summary>`./bench fairness`: what a flood on one connection costs another.</summary>
internal static class FairnessCommand
{
    public static Command Create()
    {
        var options = new BenchOptions(
            "Measured rounds; each has every contender beside every flood once.")
        {
            BraidArgsAbout = "More arguments for `braid run`; quotes as in a shell.",
        };
        var command = new Command("fairness",
            "Latency of a connection that reads 4 KiB at a time, alone and beside another that "
            + "floods the same export: through Braid, through its peers and on the server itself.");
        options.AddTo(command);
        command.SetAction((result, cancel) =>
            NbdCommand.GuardAsync(() => RunAsync(options.Read(result), cancel)));
        return command;
    }

    private static async Task<int> RunAsync(BenchRun run, CancellationToken cancel)
    {
        Contender[] contenders =
        [
            Contender.Direct, Contender.QemuNbd, Contender.NbdkitNbd,
            Contender.Braid("braid", Checkout.BraidLauncher, $"--quiet {run.BraidArgs}"),
        ];
        var environment = BenchEnvironment.Describe(
            run.Command, await Tools.CheckAsync(new NbdPlan([], contenders), cancel));
        using var bench = new FairnessBench(run.Rounds, run.Length, contenders);
        string table = FairnessReport.Write(await bench.RunAsync(cancel));
        await new BenchPage(environment, table).ShowAsync(run.Markdown);
        return 0;
    }
}
