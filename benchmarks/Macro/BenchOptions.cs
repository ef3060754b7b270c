// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;

namespace Braid.Bench.Macro;

/// <summary>The options that benchmarks with one table have in common.</summary>
/// <param name="roundsAbout">What a round is.</param>
/// <param name="rounds">When nothing is said.</param>
/// <param name="seconds">When nothing is said.</param>
internal sealed class BenchOptions(string roundsAbout, int rounds = 5, double seconds = 1)
{
    private readonly Option<int> _rounds = new("--rounds")
    {
        Description = roundsAbout,
        DefaultValueFactory = _ => rounds,
        HelpName = "N",
    };

    private readonly Option<double> _seconds = new("--seconds")
    {
        Description = "Length of one run.",
        DefaultValueFactory = _ => seconds,
        HelpName = "S",
    };

    private readonly Option<string> _braidArgs = new("--braid-args")
    {
        DefaultValueFactory = _ => "",
        HelpName = "ARGS",
    };

    private readonly Option<string?> _markdown = new("--markdown")
    {
        Description = "Write the table and the environment there.",
        HelpName = "FILE",
    };

    /// <summary>Less would measure how the load starts and stops.</summary>
    public double MinSeconds { get; init; } = 0.1;

    /// <summary>What --seconds are, when not of one run.</summary>
    public string SecondsAbout
    {
        init => _seconds.Description = value;
    }

    /// <summary>What --braid-args are for; without it there is no such option.</summary>
    public string? BraidArgsAbout
    {
        get => _braidArgs.Description;
        init => _braidArgs.Description = value;
    }

    /// <param name="command">To have them.</param>
    /// <param name="own">Options of its own, before those of the output.</param>
    public void AddTo(Command command, params ReadOnlySpan<Option> own)
    {
        command.Options.Add(_rounds);
        command.Options.Add(_seconds);
        if (BraidArgsAbout is not null) command.Options.Add(_braidArgs);
        foreach (Option option in own) command.Options.Add(option);
        command.Options.Add(_markdown);
    }

    /// <summary>What was typed.</summary>
    /// <exception cref="BenchException">It cannot be measured.</exception>
    public BenchRun Read(ParseResult result)
    {
        var run = new BenchRun(
            result.CommandResult.Command.Name, result.GetValue(_rounds),
            result.GetValue(_seconds))
        {
            BraidArgs = BraidArgsAbout is null ? "" : result.GetValue(_braidArgs)!,
            Markdown = result.GetValue(_markdown),
        };
        if (run.Rounds >= 1 && run.Seconds >= MinSeconds) return run;
        FormattableString error = $"--rounds must be 1 or more, --seconds {MinSeconds} or more";
        throw new BenchException(FormattableString.Invariant(error));
    }
}
