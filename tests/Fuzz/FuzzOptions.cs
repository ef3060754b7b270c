// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Braid.Tests.Fuzz;

/// <summary>What was asked for on the command line.</summary>
internal sealed record FuzzOptions
{
    public const string Help = """
        usage: ./fuzz [--seed N] [--inputs N] [--target NAME,... [--input N]]
          --seed N       another seed gives other inputs (1)
          --inputs N     inputs in all, over all targets (1000000)
          --target NAME  only these: table, message, uri, transcript, scenario, nbd-server,
                         nbd-client, control
          --input N      only the input of that number, and print it
        """;

    public ulong Seed { get; private init; } = 1;

    public long Inputs { get; private init; } = 1_000_000;

    public string? Target { get; private init; }

    public long? Input { get; private init; }

    private string[] Names => Target?.Split(',') ?? [];

    public bool WantsHelp { get; private init; }

    public static FuzzOptions Parse(string[] args)
    {
        var options = new FuzzOptions();
        for (int i = 0; i < args.Length; i += 2)
        {
            if (args[i] is "-h" or "--help") return options with { WantsHelp = true };
            string value = i + 1 < args.Length
                ? args[i + 1]
                : throw new FormatException($"{args[i]} needs a value");
            options = args[i] switch
            {
                "--seed" => options with { Seed = (ulong)Number(value) },
                "--inputs" => options with { Inputs = Number(value) },
                "--target" => options with { Target = Known(value) },
                "--input" => options with { Input = Number(value) },
                _ => throw new FormatException($"no such option: {args[i]}"),
            };
        }
        if (options.Input is not null && options.Names.Length != 1)
            throw new FormatException("--input needs one --target");
        return options;
    }

    public IReadOnlyList<FuzzTarget> Targets() =>
        [.. FuzzTargets.Make().Where(target => Target is null || Names.Contains(target.Name))];

    private static long Number(string word) =>
        long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw new FormatException($"'{word}' is no number");

    private static string Known(string names)
    {
        foreach (string name in names.Split(','))
        {
            if (FuzzTargets.Names.Contains(name)) continue;
            throw new FormatException(
                $"no such target: {name}; there are {string.Join(", ", FuzzTargets.Names)}");
        }
        return names;
    }
}
