// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Braid.Tests.Interop.Chaos;

/// <summary>What was asked for on the command line.</summary>
internal sealed record ChaosOptions
{
    public const string Help = """
        usage: ./chaos [--minutes M] [--seed N] [--paths N] [--io-timeout SECONDS]
                       [--guard VALUE] [--loops N] [--only KIND,...] [--without KIND,...]
               ./chaos stall [--io-timeout SECONDS]
          --minutes M      how long faults are played (1)
          --seed N         another seed plays other faults (from the clock)
          --paths N        real servers over one file, 2 to 4 (4)
          --io-timeout S   of Braid's paths (1)
          --guard VALUE    Braid's --stale-write-guard (time)
          --loops N        Braid's --loops (1)
          --only, --without  kinds of faults: Kill, ShortPause, LongPause, Cut, Slow, Reset, Mute,
                           Deaf, Trap, Restarts, AllDown
          stall            measures what one hung path of two does to I/O, and to the other path
        """;

    public bool WantsHelp { get; private init; }

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
    /// time besides, which is the I/O timeout again, and may do so after each fault that it meets.
    /// </summary>
    public TimeSpan HeldBound(int faults) =>
        (Math.Max(1, faults) * 2 * IoTimeout) + TimeSpan.FromMilliseconds(100);

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

    public static ChaosOptions Parse(string[] args)
    {
        var options = new ChaosOptions();
        int i = 0;
        if (args is ["stall", ..])
        {
            options = options with { MeasuresStall = true };
            i = 1;
        }
        for (; i < args.Length; i += 2)
        {
            if (args[i] is "-h" or "--help") return options with { WantsHelp = true };
            string value = i + 1 < args.Length
                ? args[i + 1]
                : throw new FormatException($"{args[i]} needs a value");
            options = options.With(args[i], value);
        }
        return options;
    }

    private ChaosOptions With(string name, string value) => name switch
    {
        "--minutes" => this with { Time = TimeSpan.FromMinutes(Number(value, 0.01, 10_000)) },
        "--seed" => this with { Seed = (int)Number(value, 0, int.MaxValue) },
        "--paths" => this with { Paths = (int)Number(value, 2, 4) },
        "--io-timeout" => this with { IoTimeout = TimeSpan.FromSeconds(Number(value, 0.2, 60)) },
        "--guard" => this with { Guard = value },
        "--loops" => this with { Loops = (int)Number(value, 1, 16) },
        "--only" => this with { Kinds = KindsOf(value) },
        "--without" => this with { Kinds = [.. Kinds.Except(KindsOf(value))] },
        _ => throw new FormatException($"no such option: {name}"),
    };

    private static double Number(string word, double min, double max)
    {
        bool isNumber = double.TryParse(
            word, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number);
        if (isNumber && number >= min && number <= max) return number;
        throw new FormatException(
            FormattableString.Invariant($"'{word}' must be a number from {min} to {max}"));
    }

    private static FaultKind[] KindsOf(string words) => [.. words.Split(',').Select(KindOf)];

    private static FaultKind KindOf(string word) =>
        Enum.TryParse(word, ignoreCase: true, out FaultKind kind) && Enum.IsDefined(kind)
            ? kind
            : throw new FormatException($"no such fault: {word}");
}
