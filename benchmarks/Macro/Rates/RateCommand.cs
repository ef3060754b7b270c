// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using System.Globalization;

namespace Braid.Bench.Macro;

/// <summary>`./bench rates`: how much of several paths' rates comes through.</summary>
internal static class RateCommand
{
    private static readonly string[] Programs = ["fio", "nbdkit"];

    public static Command Create()
    {
        var rounds = new Option<int>("--rounds")
        {
            Description = "Measured rounds; each has every case once.",
            DefaultValueFactory = _ => 2,
            HelpName = "N",
        };
        var seconds = new Option<double>("--seconds")
        {
            Description = "Length of one run, after 5 s in which the paths come to their rates.",
            DefaultValueFactory = _ => 5,
            HelpName = "S",
        };
        var braid = new Option<string?>("--braid")
        {
            Description = "The braid to run. Default: the launcher of this checkout.",
            HelpName = "PATH",
        };
        var markdown = new Option<string?>("--markdown")
        {
            Description = "Write the table and the environment there.",
            HelpName = "FILE",
        };
        var command = new Command("rates",
            "128 KiB reads through Braid over paths of 100 and of 1 MB/s (nbdkit's rate filter), "
            + "as a share of what the fast paths can do together.")
            { rounds, seconds, braid, markdown };
        command.SetAction((result, cancel) => NbdCommand.GuardAsync(() => RunAsync(
            result.GetValue(rounds), result.GetValue(seconds), result.GetValue(braid),
            result.GetValue(markdown), cancel)));
        return command;
    }

    private static async Task<int> RunAsync(
        int rounds, double seconds, string? braid, string? markdown, CancellationToken cancel)
    {
        if (rounds < 1 || seconds < 1)
            throw new BenchException("--rounds and --seconds must be 1 or more");
        string program = braid ?? Checkout.BraidLauncher;
        IReadOnlyList<KeyValuePair<string, string>> environment = BenchEnvironment.Describe(
            string.Create(CultureInfo.InvariantCulture,
                $"./bench rates --rounds {rounds} --seconds {seconds}"),
            await Tools.CheckAsync([.. Programs, program], cancel));
        var bench = new RateBench(rounds, TimeSpan.FromSeconds(seconds), program);
        string table = RateReport.Write(await bench.RunAsync(cancel));
        Console.Write(table);
        string page = string.Concat(environment.Select(one => $"- {one.Key}: {one.Value}\n"));
        await NbdCommand.WriteAsync(markdown, () => $"{page}\n{table}");
        return 0;
    }
}
