// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using System.Globalization;

namespace Braid.Bench.Macro;

/// <summary>`./bench fairness`: what a flood on one connection costs another.</summary>
internal static class FairnessCommand
{
    public static Command Create()
    {
        var rounds = new Option<int>("--rounds")
        {
            Description = "Measured rounds; each has every contender beside every flood once.",
            DefaultValueFactory = _ => 5,
            HelpName = "N",
        };
        var seconds = new Option<double>("--seconds")
        {
            Description = "Length of one run.",
            DefaultValueFactory = _ => 1,
            HelpName = "S",
        };
        var braidArgs = new Option<string>("--braid-args")
        {
            Description = "More arguments for `braid run`; quotes as in a shell.",
            DefaultValueFactory = _ => "",
            HelpName = "ARGS",
        };
        var markdown = new Option<string?>("--markdown")
        {
            Description = "Write the table and the environment there.",
            HelpName = "FILE",
        };
        var command = new Command("fairness",
            "Latency of a connection that reads 4 KiB at a time, alone and beside another that "
            + "floods the same export: through Braid, through its peers and on the server itself.")
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
        Contender[] contenders =
        [
            Contender.Direct, Contender.QemuNbd, Contender.NbdkitNbd,
            Contender.Braid("braid", Checkout.BraidLauncher, $"--quiet {braidArgs}"),
        ];
        string words = string.Create(CultureInfo.InvariantCulture,
            $"./bench fairness --rounds {rounds} --seconds {seconds}")
            + (braidArgs.Length > 0 ? $" --braid-args '{braidArgs}'" : "");
        var environment = BenchEnvironment.Describe(
            words, await Tools.CheckAsync(new NbdPlan([], contenders), cancel));
        using var bench = new FairnessBench(rounds, TimeSpan.FromSeconds(seconds), contenders);
        string table = FairnessReport.Write(await bench.RunAsync(cancel));
        Console.Write(table);
        string page = string.Concat(environment.Select(one => $"- {one.Key}: {one.Value}\n"));
        await NbdCommand.WriteAsync(markdown, () => $"{page}\n{table}");
        return 0;
    }
}
