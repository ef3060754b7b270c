// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using System.CommandLine.Parsing;

namespace Braid.Bench.Macro;

/// <summary>The options of `./bench nbd`, and the plan that they make.</summary>
internal sealed class NbdOptions
{
    /// <summary>Less would measure how fio starts and stops.</summary>
    private const double MinSeconds = 0.1;

    private readonly Option<string> _set = new("--set")
    {
        Description = "Which cells: quick (5), default, goals (7), loops (5), full (each axis "
            + "swept on its own), product (every combination: hours).",
        DefaultValueFactory = _ => "default",
    };

    private readonly Option<bool> _quick = new("--quick")
    {
        Description = "For daily use, in under a minute: --set quick --rounds 3 --seconds 0.3 "
            + "--warm-up 0.2.",
    };

    private readonly Option<string[]> _cells = new("--cells")
    {
        Description = "The cells with these names instead of a set; * and ? match, as in "
            + "'randread-4k-d32*'.",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<int?> _rounds = new("--rounds")
    {
        Description = "Measured rounds; each has every contender in every cell once. Default 5.",
    };

    private readonly Option<double?> _seconds = new("--seconds")
    {
        Description = "Length of one run. Default 1.",
    };

    private readonly Option<double?> _warmUp = new("--warm-up")
    {
        Description = "Length of one run of the round before, which is not counted. Default 0.5.",
    };

    private readonly Option<long?> _size = new("--size")
    {
        Description = "Bytes of the device, with K, M or G; all are written before. Default 1G.",
        CustomParser = ParseSize,
    };

    private readonly Option<Store> _store = new("--store")
    {
        Description = "memory: one nbdkit memory behind all paths; file: an nbdkit file for each "
            + "path, on one file in /dev/shm. Default memory.",
    };

    private readonly Option<string?> _braid = new("--braid")
    {
        Description = "The braid to run. Default: the launcher of this checkout.",
    };

    private readonly Option<string> _braidArgs = new("--braid-args")
    {
        Description = "More arguments for `braid run`, for all variants too; quotes as in a shell.",
        DefaultValueFactory = _ => "",
    };

    private readonly Option<string[]> _variants = new("--variant")
    {
        Description = "NAME='ARGS': Braid once more, with these arguments. Ratios to the first "
            + "Braid get a column. May be repeated.",
    };

    private readonly Option<string[]> _custom = new("--contender")
    {
        Description = "NAME='COMMAND': any proxy or other build, judged as Braid is. Placeholders: "
            + CommandTemplate.Placeholders + ". May be repeated.",
    };

    private readonly Option<string[]> _without = new("--without")
    {
        Description = "Contenders to leave out: qemu-nbd, nbdkit-nbd, braid.",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<bool> _systemCalls = new("--syscalls")
    {
        Description = "After the timed rounds, count system calls in a pass of its own (needs perf "
            + "and the right to use it).",
    };

    public Option<bool> List { get; } = new("--list")
    {
        Description = "Show the cells, the contenders and the time it would take; run nothing.",
    };

    public Option<string?> Json { get; } = new("--json") { Description = "Write every run there." };

    public Option<string?> Markdown { get; } = new("--markdown")
    {
        Description = "Write the table and the environment there, ready for a page.",
    };

    public Option<string?> Svg { get; } = new("--svg")
    {
        Description = "Write a bar chart of the ratios to direct there.",
    };

    public NbdOptions()
    {
        _set.AcceptOnlyFromAmong([.. CellSets.ByName.Keys]);
        _cells.HelpName = "NAME";
        _rounds.HelpName = "N";
        _seconds.HelpName = _warmUp.HelpName = "S";
        _size.HelpName = "BYTES";
        _store.HelpName = "memory|file";
        _braid.HelpName = "PATH";
        _braidArgs.HelpName = "ARGS";
        _variants.HelpName = "NAME=ARGS";
        _custom.HelpName = "NAME=COMMAND";
        _without.HelpName = "NAME";
        Json.HelpName = Markdown.HelpName = Svg.HelpName = "FILE";
    }

    public IEnumerable<Option> All =>
    [
        _quick, _set, _cells, List, _rounds, _seconds, _warmUp, _size, _store,
        _braid, _braidArgs, _variants, _custom, _without, _systemCalls, Json, Markdown, Svg,
    ];

    public NbdPlan ToPlan(ParseResult result)
    {
        bool quick = result.GetValue(_quick);
        string[] patterns = result.GetValue(_cells) ?? [];
        string set = quick ? "quick" : result.GetValue(_set)!;
        return new NbdPlan(
            patterns.Length > 0 ? CellSets.Select(patterns) : CellSets.ByName[set],
            Contenders(result))
        {
            Rounds = Positive(result.GetValue(_rounds) ?? (quick ? 3 : 5)),
            Run = Seconds(result.GetValue(_seconds) ?? (quick ? 0.3 : 1)),
            WarmUp = Seconds(result.GetValue(_warmUp) ?? (quick ? 0.2 : 0.5)),
            Size = result.GetValue(_size) ?? 1L << 30,
            Store = result.GetValue(_store),
            CountSystemCalls = result.GetValue(_systemCalls),
        };
    }

    /// <summary>What was typed, less where the results go: that changes no number.</summary>
    public IEnumerable<string> MeasuringTokens(ParseResult result) =>
        TokensWithout(result, Json, Markdown, Svg);

    /// <summary>What was typed, less some options that take a file.</summary>
    public static IEnumerable<string> TokensWithout(ParseResult result, params Option[] without)
    {
        string[] outputs = [.. without.Select(option => option.Name)];
        bool isFile = false;
        foreach (string token in result.Tokens.Select(token => token.Value))
        {
            if (isFile) isFile = false;
            else if (outputs.Contains(token)) isFile = true;
            else yield return token;
        }
    }

    private List<Contender> Contenders(ParseResult result)
    {
        string program = result.GetValue(_braid) ?? Checkout.BraidLauncher;
        string common = Contender.WithCounters(result.GetValue(_braidArgs)!);
        List<Contender> all =
        [
            Contender.Direct, Contender.QemuNbd, Contender.NbdkitNbd,
            Contender.Braid("braid", program, common),
            .. Named(result.GetValue(_variants)).Select(
                one => Contender.Braid(one.Name, program, common, one.Text)),
            .. Named(result.GetValue(_custom)).Select(one => Contender.Custom(one.Name, one.Text)),
        ];
        Remove(all, result.GetValue(_without), Contender.Direct);
        string? twice = all
            .GroupBy(one => one.Name, StringComparer.Ordinal)
            .FirstOrDefault(same => same.Count() > 1)?.Key;
        return twice is null ? all : throw new BenchException($"two contenders are named {twice}");
    }

    /// <summary>Leaves contenders out, but not the one that all are compared with.</summary>
    public static void Remove(List<Contender> all, string[]? names, Contender direct)
    {
        foreach (string name in names ?? [])
        {
            if (name == direct.Name)
                throw new BenchException($"{name} cannot be left out: ratios are taken to it");
            if (all.RemoveAll(contender => contender.Name == name) == 0)
                throw new BenchException($"--without {name}: there is no such contender");
        }
    }

    private static IEnumerable<(string Name, string Text)> Named(string[]? values)
    {
        foreach (string value in values ?? [])
        {
            int equals = value.IndexOf('=');
            if (equals <= 0) throw new BenchException($"'{value}' is not NAME='...'");
            yield return (value[..equals], value[(equals + 1)..]);
        }
    }

    public static int Positive(int rounds) =>
        rounds > 0 ? rounds : throw new BenchException("--rounds must be 1 or more");

    public static TimeSpan Seconds(double seconds) => seconds is >= MinSeconds and <= 3600
        ? TimeSpan.FromSeconds(seconds)
        : throw new BenchException($"a run takes {MinSeconds} to 3600 s, not {seconds}");

    /// <summary>Null for what is no size, or too small.</summary>
    public static long? Size(string text) =>
        SizeText.TryParse(text, out long size) && size >= 16L << 20 ? size : null;

    private static long? ParseSize(ArgumentResult argument)
    {
        string text = argument.Tokens[0].Value;
        if (Size(text) is long size) return size;
        argument.AddError($"'{text}' is not a size of 16M or more, as in 512M or 1G");
        return null;
    }
}
