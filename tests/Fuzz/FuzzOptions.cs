// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;

namespace Braid.Tests.Fuzz;

/// <summary>What was asked for on the command line.</summary>
internal sealed record FuzzOptions
{
    private static readonly Option<long?> SeedOption = CommandLine.Number(
        "--seed", 0, long.MaxValue, "Another seed gives other inputs. Default: 1.");

    private static readonly Option<long?> InputsOption = CommandLine.Number(
        "--inputs", 1, long.MaxValue, "Inputs in all, over all targets. Default: 1000000.");

    private static readonly Option<string?> TargetOption = new("--target")
    {
        Description = $"Only these: {string.Join(", ", FuzzTargets.Names)}.",
        HelpName = "NAME,...",
    };

    private static readonly Option<long?> InputOption = CommandLine.Number(
        "--input", 0, long.MaxValue,
        "Only the input of that number, and print it. Needs one --target.");

    public ulong Seed { get; private init; } = 1;

    public long Inputs { get; private init; } = 1_000_000;

    public string? Target { get; private init; }

    public long? Input { get; private init; }

    private string[] Names => Target?.Split(',') ?? [];

    public static Command CreateCommand() => new(
        "./fuzz", "Throws inputs at whatever reads what others wrote; ends at the first failure.")
    {
        SeedOption, InputsOption, TargetOption, InputOption,
    };

    /// <exception cref="FormatException">One line: what is wrong.</exception>
    public static FuzzOptions Parse(string[] args) =>
        Read(CommandLine.Parse(CreateCommand(), args));

    /// <exception cref="FormatException">One line: what makes no sense.</exception>
    public static FuzzOptions Read(ParseResult parsed)
    {
        parsed.Exclude(InputOption, InputsOption);
        var options = new FuzzOptions();
        options = options with
        {
            Seed = (ulong)(parsed.GetValue(SeedOption) ?? (long)options.Seed),
            Inputs = parsed.GetValue(InputsOption) ?? options.Inputs,
            Target = parsed.GetValue(TargetOption),
            Input = parsed.GetValue(InputOption),
        };
        if (Array.Find(options.Names, name => !FuzzTargets.Names.Contains(name)) is { } unknown)
            throw new FormatException(
                $"no such target: {unknown}; there are {string.Join(", ", FuzzTargets.Names)}");
        if (options.Input is not null && options.Names.Length != 1)
            throw new FormatException("--input needs one --target");
        return options;
    }

    public IReadOnlyList<FuzzTarget> Targets() =>
        [.. FuzzTargets.Make().Where(target => Target is null || Names.Contains(target.Name))];
}
