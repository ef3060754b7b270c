// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Braid.Tests.Simulation;

/// <summary>What was asked for on the command line.</summary>
internal sealed record SimOptions
{
    public const string Help = """
        usage: ./sim [--seed N | --seeds A..B] [--minutes M] [--threads N]
          --seed N      only this seed, with all that happens in it
          --seeds A..B  these seeds (1..200)
          --minutes M   seeds from A on, for so long
          --threads N   seeds at the same time (one for each processor)
        """;

    public ulong First { get; private init; } = 1;

    public ulong Last { get; private init; } = 200;

    /// <summary>Not by number, but for so long.</summary>
    public TimeSpan? Time { get; private init; }

    /// <summary>One seed, told in full.</summary>
    public bool IsSingle { get; private init; }

    public int Threads { get; private init; } = Environment.ProcessorCount;

    public bool WantsHelp { get; private init; }

    public static SimOptions Parse(string[] args)
    {
        var options = new SimOptions();
        for (int i = 0; i < args.Length; i += 2)
        {
            if (args[i] is "-h" or "--help") return options with { WantsHelp = true };
            string value = i + 1 < args.Length
                ? args[i + 1]
                : throw new FormatException($"{args[i]} needs a value");
            options = args[i] switch
            {
                "--seed" => options with
                {
                    First = Number(value), Last = Number(value), IsSingle = true,
                },
                "--seeds" => options.WithRange(value),
                "--minutes" => options with { Time = TimeSpan.FromMinutes(Number(value)) },
                "--threads" => options with { Threads = (int)Math.Max(1, Number(value)) },
                _ => throw new FormatException($"no such option: {args[i]}"),
            };
        }
        return options;
    }

    private SimOptions WithRange(string text)
    {
        string[] ends = text.Split("..");
        if (ends.Length != 2) throw new FormatException($"'{text}' is no range, write A..B");
        SimOptions options = this with { First = Number(ends[0]), Last = Number(ends[1]) };
        return options.First <= options.Last
            ? options
            : throw new FormatException($"'{text}' has no seeds in it");
    }

    private static ulong Number(string word) =>
        ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)
            ? number
            : throw new FormatException($"'{word}' is no number");
}
