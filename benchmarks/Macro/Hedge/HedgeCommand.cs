// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;

namespace Braid.Bench.Macro;

/// <summary>
/// `./bench hedge`: the tail of reads while one path is slow at times, with hedged reads and
/// without.
/// </summary>
internal static class HedgeCommand
{
    private static readonly BenchOptions Common = new(
        "Measured rounds; each has every setting once.", seconds: 4);

    private static readonly Option<int> PauseMs = Number(
        "--pause", 40, "How long one server is stopped each time, in milliseconds.");

    private static readonly Option<int> EveryMs = Number(
        "--every", 800, "From one stop to the next, in milliseconds.");

    private static readonly Option<int> Rate = Number(
        "--rate", 4000, "Reads a second, at the most.");

    private static readonly Option<int> Depth = Number("--depth", 64, "Reads in flight.");

    private static readonly Option<string> Percentile = new("--percentile")
    {
        Description = "Of --hedge-reads.",
        DefaultValueFactory = _ => "p90",
        HelpName = "P",
    };

    private static readonly Option<double[]> Shares = new("--share")
    {
        Description = "Of --hedge-share; may be given several times.",
        DefaultValueFactory = _ => [1, 5],
        HelpName = "PERCENT",
    };

    public static Command Create()
    {
        var command = new Command("hedge",
            "fio's random reads through a map of two paths, one of which stands still at times: "
            + "p50, p99 and p99.9 with hedged reads and without, and how many were sent twice.");
        Common.AddTo(command, PauseMs, EveryMs, Rate, Depth, Percentile, Shares);
        command.SetAction((result, cancel) =>
            NbdCommand.GuardAsync(() => RunAsync(result, cancel)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancel)
    {
        BenchRun run = Common.Read(result);
        HedgePlan plan = ToPlan(run, result);
        string words = CommandWords.Join(
            ["./bench", .. result.Tokens.Select(token => token.Value)]);
        IReadOnlyList<KeyValuePair<string, string>> environment = BenchEnvironment.Describe(
            words, await Tools.CheckAsync(["fio", "nbdkit", Checkout.BraidLauncher], cancel));
        IReadOnlyList<HedgeResult> results = await new HedgeBench(plan).RunAsync(cancel);
        await new BenchPage(environment, HedgeReport.Write(plan, results)).ShowAsync(run.Markdown);
        return 0;
    }

    private static HedgePlan ToPlan(BenchRun run, ParseResult result)
    {
        Option<int>[] numbers = [PauseMs, EveryMs, Rate, Depth];
        foreach (Option<int> option in numbers)
            if (result.GetValue(option) < 1)
                throw new BenchException($"{option.Name} must be more than zero");
        return new HedgePlan
        {
            Settings = HedgeSetting.All(result.GetValue(Percentile)!, result.GetValue(Shares)!),
            Rounds = run.Rounds,
            Length = run.Length,
            Pause = TimeSpan.FromMilliseconds(result.GetValue(PauseMs)),
            Every = TimeSpan.FromMilliseconds(result.GetValue(EveryMs)),
            Rate = result.GetValue(Rate),
            Depth = result.GetValue(Depth),
        };
    }

    private static Option<int> Number(string name, int value, string about) => new(name)
    {
        Description = about,
        DefaultValueFactory = _ => value,
        HelpName = "N",
    };
}
