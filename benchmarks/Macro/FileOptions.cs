// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;

namespace Braid.Bench.Macro;

/// <summary>The options of `./bench file`, and the plan that they make.</summary>
internal sealed class FileOptions
{
    private readonly Option<string[]> _cells = new("--cells")
    {
        Description = "Only the cells with these names; * and ? match, as in '*-odirect'.",
        AllowMultipleArgumentsPerToken = true,
        HelpName = "NAME",
    };

    private readonly Option<int> _rounds = new("--rounds")
    {
        Description = "Measured rounds; each has every contender in every cell once.",
        DefaultValueFactory = _ => 3,
        HelpName = "N",
    };

    private readonly Option<double> _seconds = new("--seconds")
    {
        Description = "Length of one run.",
        DefaultValueFactory = _ => 0.5,
        HelpName = "S",
    };

    private readonly Option<string> _size = new("--size")
    {
        Description = "Bytes of the file, with K, M or G; all are written before.",
        DefaultValueFactory = _ => "512M",
        HelpName = "BYTES",
    };

    private readonly Option<string?> _folder = new("--folder")
    {
        Description = "Where the file is made: on the disk to be measured. Default: the temporary "
            + "folder.",
        HelpName = "DIR",
    };

    private readonly Option<string> _braidArgs = new("--braid-args")
    {
        Description = "More arguments for `braid run`; quotes as in a shell.",
        DefaultValueFactory = _ => "",
        HelpName = "ARGS",
    };

    private readonly Option<string[]> _without = new("--without")
    {
        Description = "Contenders to leave out.",
        AllowMultipleArgumentsPerToken = true,
        HelpName = "NAME",
    };

    public Option<bool> List { get; } = new("--list")
    {
        Description = "Show the cells, the contenders and the time it would take; run nothing.",
    };

    public Option<string?> Markdown { get; } = new("--markdown")
    {
        Description = "Write the table and the environment there.",
        HelpName = "FILE",
    };

    public Option<string?> Json { get; } = new("--json")
    {
        Description = "Write every run there.",
        HelpName = "FILE",
    };

    public IEnumerable<Option> All =>
        [_cells, List, _rounds, _seconds, _size, _folder, _braidArgs, _without, Markdown, Json];

    public NbdPlan ToPlan(ParseResult result)
    {
        string[] patterns = result.GetValue(_cells) ?? [];
        IReadOnlyList<Cell> cells = patterns.Length > 0
            ? CellSets.Select(CellSets.File, patterns, "see --list")
            : CellSets.File;
        TimeSpan run = NbdOptions.Seconds(result.GetValue(_seconds));
        return new NbdPlan(cells, Contenders(result))
        {
            Rounds = NbdOptions.Positive(result.GetValue(_rounds)),
            Run = run,
            WarmUp = run / 2,
            Size = NbdOptions.Size(result.GetValue(_size)!)
                ?? throw new BenchException("--size is 16M or more, as in 512M or 1G"),
            Store = Store.Disk,
            Folder = result.GetValue(_folder),
        };
    }

    /// <summary>What was typed, less where the results go: that changes no number.</summary>
    public IEnumerable<string> MeasuringTokens(ParseResult result) =>
        NbdOptions.TokensWithout(result, Markdown, Json);

    private List<Contender> Contenders(ParseResult result)
    {
        List<Contender> all =
        [
            .. FileContenders.All(Checkout.BraidLauncher, result.GetValue(_braidArgs)!),
        ];
        NbdOptions.Remove(all, result.GetValue(_without), FileContenders.Direct);
        return all;
    }
}
