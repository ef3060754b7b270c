// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Braid.Tests.Simulation;

/// <summary>What was asked for on the command line.</summary>
internal sealed record SimOptions
{
    private static readonly Option<ulong?> Seed = CommandLine.Number<ulong>(
        "--seed", 0, ulong.MaxValue, "Only this seed, with all that happens in it.");

    private static readonly Option<(ulong First, ulong Last)?> Seeds = new("--seeds")
    {
        Description = "These seeds. Default: 1..200.",
        HelpName = "A..B",
        CustomParser = ParseRange,
    };

    private static readonly Option<int?> Minutes = CommandLine.Number(
        "--minutes", 1, 10_000, "Seeds from A on, for so long.");

    private static readonly Option<int?> ThreadCount = CommandLine.Number(
        "--threads", 1, 1024, "Seeds at the same time. Default: one for each processor.");

    public ulong First { get; private init; } = 1;

    public ulong Last { get; private init; } = 200;

    /// <summary>Not by number, but for so long.</summary>
    public TimeSpan? Time { get; private init; }

    /// <summary>One seed, told in full.</summary>
    public bool IsSingle { get; private init; }

    public int Threads { get; private init; } = Environment.ProcessorCount;

    public static Command CreateCommand() => new(
        "./sim", "Runs the whole engine in virtual time, under seeds, with faults, and checks it.")
    {
        Seed, Seeds, Minutes, ThreadCount,
    };

    /// <exception cref="FormatException">One line: what is wrong.</exception>
    public static SimOptions Parse(string[] args) =>
        Read(CommandLine.Parse(CreateCommand(), args));

    /// <exception cref="FormatException">One line: what contradicts what.</exception>
    public static SimOptions Read(ParseResult parsed)
    {
        parsed.Exclude(Seed, Seeds);
        parsed.Exclude(Seed, Minutes);
        var options = new SimOptions
        {
            Threads = parsed.GetValue(ThreadCount) ?? Environment.ProcessorCount,
        };
        if (parsed.GetValue(Seed) is { } seed)
            return options with { First = seed, Last = seed, IsSingle = true };
        if (parsed.GetValue(Seeds) is { } range)
            options = options with { First = range.First, Last = range.Last };
        return parsed.GetValue(Minutes) is { } minutes
            ? options with { Time = TimeSpan.FromMinutes(minutes) }
            : options;
    }

    private static (ulong First, ulong Last)? ParseRange(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        string[] ends = text.Split("..");
        if (ends.Length != 2)
        {
            result.AddError($"'{text}' is no range, write A..B");
            return null;
        }
        if (Array.Find(ends, end => !TryRead(end, out _)) is { } word)
        {
            result.AddError($"'{word}' is no number");
            return null;
        }
        _ = TryRead(ends[0], out ulong first);
        _ = TryRead(ends[1], out ulong last);
        if (first <= last) return (first, last);
        result.AddError($"'{text}' has no seeds in it");
        return null;
    }

    private static bool TryRead(string word, out ulong number) =>
        ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
