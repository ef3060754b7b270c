// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;

namespace Braid.Bench.Macro;

/// <summary>
/// `./bench hedge`: the tail of reads while one path is slow at times, with hedged reads and
/// without.
/// </summary>
internal static class HedgeCommand
{
    private static readonly Option<int> Rounds = Number(
        "--rounds", 5, "Measured rounds; each has every setting once.");

    private static readonly Option<int> Seconds = Number("--seconds", 4, "Length of one run.");

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

    private static readonly Option<string?> Markdown = new("--markdown")
    {
        Description = "Write the table and the environment there.",
        HelpName = "FILE",
    };

    public static Command Create()
    {
        var command = new Command("hedge",
            "fio's random reads through a map of two paths, one of which stands still at times: "
            + "p50, p99 and p99.9 with hedged reads and without, and how many were sent twice.")
        {
            Rounds, Seconds, PauseMs, EveryMs, Rate, Depth, Percentile, Shares, Markdown,
        };
        command.SetAction((result, cancel) =>
            NbdCommand.GuardAsync(() => RunAsync(result, cancel)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancel)
    {
        HedgePlan plan = ToPlan(result);
        string words = CommandWords.Join(
            ["./bench", .. result.Tokens.Select(token => token.Value)]);
        IReadOnlyList<KeyValuePair<string, string>> environment = BenchEnvironment.Describe(
            words, await Tools.CheckAsync(["fio", "nbdkit", Checkout.BraidLauncher], cancel));
        IReadOnlyList<HedgeResult> results = await new HedgeBench(plan).RunAsync(cancel);
        string table = HedgeReport.Write(plan, results);
        Console.Write(table);
        string page = string.Concat(environment.Select(one => $"- {one.Key}: {one.Value}\n"));
        await NbdCommand.WriteAsync(result.GetValue(Markdown), () => $"{page}\n{table}");
        return 0;
    }

    private static HedgePlan ToPlan(ParseResult result)
    {
        Option<int>[] numbers = [Rounds, Seconds, PauseMs, EveryMs, Rate, Depth];
        foreach (Option<int> option in numbers)
            if (result.GetValue(option) < 1)
                throw new BenchException($"{option.Name} must be more than zero");
        return new HedgePlan
        {
            Settings = HedgeSetting.All(result.GetValue(Percentile)!, result.GetValue(Shares)!),
            Rounds = result.GetValue(Rounds),
            Length = TimeSpan.FromSeconds(result.GetValue(Seconds)),
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
