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
        var rounds = new Option<int>("--rounds")
        {
            Description = "Measured rounds; each has every stream in both queue modes once.",
            DefaultValueFactory = _ => 5,
            HelpName = "N",
        };
        var seconds = new Option<double>("--seconds")
        {
            Description = "Length of one run.",
            DefaultValueFactory = _ => 1,
            HelpName = "S",
        };
        var markdown = new Option<string?>("--markdown")
        {
            Description = "Write the table and the environment there.",
            HelpName = "FILE",
        };
        var svg = new Option<string?>("--svg")
        {
            Description = "Write a plot there.",
            HelpName = "FILE",
        };
        var command = new Command("merge",
            "Neighbouring 4 KiB writes through a map in this process, over two real NBD paths, in "
            + "queue_mode bio and mq: how many requests leave, how large, and how fast.")
            { rounds, seconds, markdown, svg };
        command.SetAction((result, cancel) => NbdCommand.GuardAsync(() => RunAsync(
            result.GetValue(rounds), result.GetValue(seconds), result.GetValue(markdown),
            result.GetValue(svg), cancel)));
        return command;
    }

    private static async Task<int> RunAsync(
        int rounds, double seconds, string? markdown, string? svg, CancellationToken cancel)
    {
        if (rounds < 1 || seconds <= 0)
            throw new BenchException("--rounds and --seconds must be more than zero");
        IReadOnlyList<KeyValuePair<string, string>> environment = BenchEnvironment.Describe(
            string.Create(System.Globalization.CultureInfo.InvariantCulture,
                $"./bench merge --rounds {rounds} --seconds {seconds}"),
            await Tools.CheckAsync(["nbdkit"], cancel));
        IReadOnlyList<MergeResult> results =
            await new MergeBench(rounds, TimeSpan.FromSeconds(seconds)).RunAsync(cancel);
        string table = MergeReport.Write(results);
        Console.Write(table);
        string page = string.Concat(environment.Select(one => $"- {one.Key}: {one.Value}\n"));
        await NbdCommand.WriteAsync(markdown, () => $"{page}\n{table}");
        await NbdCommand.WriteAsync(svg, () => MergeChart.Write(
            results, string.Join(" · ", environment
                .Where(entry => BenchEnvironment.InChart.Contains(entry.Key))
                .Select(entry => entry.Value))));
        return 0;
    }
}
