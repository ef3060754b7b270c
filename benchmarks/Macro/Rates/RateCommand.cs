// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;

namespace Braid.Bench.Macro;

/// <summary>`./bench rates`: how much of several paths' rates comes through.</summary>
internal static class RateCommand
{
    private static readonly string[] Programs = ["fio", "nbdkit"];

    public static Command Create()
    {
        var options = new BenchOptions(
            "Measured rounds; each has every case once.", rounds: 2, seconds: 5)
        {
            SecondsAbout =
                "Length of one run, after 5 s in which the paths come to their rates.",
            MinSeconds = 1,
        };
        var braid = new Option<string?>("--braid")
        {
            Description = "The braid to run. Default: the launcher of this checkout.",
            HelpName = "PATH",
        };
        var command = new Command("rates",
            "128 KiB reads through Braid over paths of 100 and of 1 MB/s (nbdkit's rate filter), "
            + "as a share of what the fast paths can do together.");
        options.AddTo(command, braid);
        command.SetAction((result, cancel) => NbdCommand.GuardAsync(() => RunAsync(
            options.Read(result), result.GetValue(braid) ?? Checkout.BraidLauncher, cancel)));
        return command;
    }

    private static async Task<int> RunAsync(
        BenchRun run, string braid, CancellationToken cancel)
    {
        IReadOnlyList<KeyValuePair<string, string>> environment = BenchEnvironment.Describe(
            run.Command, await Tools.CheckAsync([.. Programs, braid], cancel));
        var bench = new RateBench(run.Rounds, run.Length, braid);
        string table = RateReport.Write(await bench.RunAsync(cancel));
        await new BenchPage(environment, table).ShowAsync(run.Markdown);
        return 0;
    }
}
