// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;

namespace Braid.Tests.Interop.Chaos;

/// <summary>What was asked for on the command line.</summary>
internal sealed record ChaosOptions
{
    private const string Stall = "stall";

    private static readonly Option<double?> MinutesOption = CommandLine.Number(
        "--minutes", 0.01, 10_000, "How long faults are played. Default: 1.");

    private static readonly Option<int?> SeedOption = CommandLine.Number(
        "--seed", 0, int.MaxValue, "Another seed plays other faults. Default: from the clock.");

    private static readonly Option<int?> PathsOption = CommandLine.Number(
        "--paths", 2, 4, "Real servers over one file, 2 to 4. Default: 4.");

    private static readonly Option<double?> IoTimeoutOption = CommandLine.Number(
        "--io-timeout", 0.2, 60, "Of Braid's paths, in seconds. Default: 1.");

    private static readonly Option<string?> GuardOption = new("--guard")
    {
        Description = "Braid's --stale-write-guard. Default: time.",
        HelpName = "VALUE",
    };

    private static readonly Option<int?> LoopsOption = CommandLine.Number(
        "--loops", 1, 16, "Braid's --loops. Default: 1.");

    private static readonly Option<string?> OnlyOption = new("--only")
    {
        Description = $"These kinds of faults: {string.Join(", ", Enum.GetNames<FaultKind>())}.",
        HelpName = "KIND,...",
    };

    private static readonly Option<string?> WithoutOption = new("--without")
    {
        Description = "Not these kinds of faults.",
        HelpName = "KIND,...",
    };

    /// <summary>Measure stalls, fault by fault, instead of playing faults at random.</summary>
    public bool MeasuresStall { get; private init; }

    public TimeSpan Time { get; init; } = TimeSpan.FromMinutes(1);

    public int Seed { get; init; } = Environment.TickCount & 0xFFFF;

    public int Paths { get; init; } = 4;

    public TimeSpan IoTimeout { get; init; } = TimeSpan.FromSeconds(1);

    public IReadOnlyList<FaultKind> Kinds { get; init; } = Enum.GetValues<FaultKind>();

    /// <summary>
    /// In the end every path must take I/O again; else it must be connected. One that has failed
    /// often is held down for up to half a minute.
    /// </summary>
    public bool WaitsForAll { get; init; } = true;

    /// <summary>Braid's stale_write_guard.</summary>
    public string Guard { get; init; } = "time";

    /// <summary>Of Braid.</summary>
    public int Loops { get; init; } = 1;

    /// <summary>A little more than an I/O may take while another path works.</summary>
    public TimeSpan Bound => IoTimeout + TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// The same for a write that overlaps one whose path was given up: it waits for the quiesce
    /// time besides, which is the I/O timeout again, and may do so after each fault that it meets,
    /// up to three: more do not come together, and what waits for ever meets any number.
    /// </summary>
    public TimeSpan HeldBound(int faults) =>
        (Math.Clamp(faults, 1, 3) * 2 * IoTimeout) + TimeSpan.FromMilliseconds(100);

    /// <summary>The command that does the same again.</summary>
    public string Command
    {
        get
        {
            var command = FormattableString.Invariant(
                $"./chaos --minutes {Time.TotalMinutes:0.###} --seed {Seed} --paths {Paths}");
            command += FormattableString.Invariant($" --io-timeout {IoTimeout.TotalSeconds:0.###}");
            if (Guard != "time") command += $" --guard {Guard}";
            if (Loops != 1) command += FormattableString.Invariant($" --loops {Loops}");
            return Kinds.Count == Enum.GetValues<FaultKind>().Length
                ? command
                : $"{command} --only {string.Join(',', Kinds)}";
        }
    }

    public static Command CreateCommand() => new(
        "./chaos", "Real servers die, hang and come back under a real braid with load on it.")
    {
        MinutesOption, SeedOption, PathsOption, IoTimeoutOption, GuardOption, LoopsOption,
        OnlyOption, WithoutOption,
        new Command(
            Stall, "Measures what one hung path of two does to I/O, and to the other path.")
        {
            IoTimeoutOption,
        },
    };

    /// <exception cref="FormatException">One line: what is wrong.</exception>
    public static ChaosOptions Parse(string[] args) =>
        Read(CommandLine.Parse(CreateCommand(), args));

    /// <exception cref="FormatException">One line: what makes no sense.</exception>
    public static ChaosOptions Read(ParseResult parsed)
    {
        var defaults = new ChaosOptions();
        if (parsed.GetValue(IoTimeoutOption) is { } seconds)
            defaults = defaults with { IoTimeout = TimeSpan.FromSeconds(seconds) };
        if (parsed.CommandResult.Command.Name == Stall) return ReadStall(parsed, defaults);
        return defaults with
        {
            Time = TimeSpan.FromMinutes(
                parsed.GetValue(MinutesOption) ?? defaults.Time.TotalMinutes),
            Seed = parsed.GetValue(SeedOption) ?? defaults.Seed,
            Paths = parsed.GetValue(PathsOption) ?? defaults.Paths,
            Guard = parsed.GetValue(GuardOption) ?? defaults.Guard,
            Loops = parsed.GetValue(LoopsOption) ?? defaults.Loops,
            Kinds = ReadKinds(parsed),
        };
    }

    /// <summary>
    /// The parser takes options of ./chaos before the word, where they mean nothing.
    /// </summary>
    private static ChaosOptions ReadStall(ParseResult parsed, ChaosOptions options)
    {
        Option[] useless =
        [
            MinutesOption, SeedOption, PathsOption, GuardOption, LoopsOption, OnlyOption,
            WithoutOption,
        ];
        return Array.Find(useless, parsed.Has) is { } given
            ? throw new FormatException($"{given.Name} is of no use with stall")
            : options with { MeasuresStall = true };
    }

    private static FaultKind[] ReadKinds(ParseResult parsed)
    {
        FaultKind[] kinds =
        [
            .. KindsOf(parsed.GetValue(OnlyOption)) ?? Enum.GetValues<FaultKind>(),
        ];
        kinds = [.. kinds.Except(KindsOf(parsed.GetValue(WithoutOption)) ?? [])];
        return kinds.Length > 0
            ? kinds
            : throw new FormatException("--only and --without leave no fault");
    }

    private static FaultKind[]? KindsOf(string? words) =>
        words is null ? null : [.. words.Split(',').Select(KindOf)];

    private static FaultKind KindOf(string word) =>
        Enum.TryParse(word, ignoreCase: true, out FaultKind kind) && Enum.IsDefined(kind)
            ? kind
            : throw new FormatException($"no such fault: {word}");
}
