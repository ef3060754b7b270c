// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>What a benchmark with one table was asked for.</summary>
/// <param name="Name">As it is typed after ./bench.</param>
/// <param name="Rounds">1 or more.</param>
/// <param name="Seconds">Of one run.</param>
internal sealed record BenchRun(string Name, int Rounds, double Seconds)
{
    /// <summary>More arguments for `braid run`; empty for none.</summary>
    public string BraidArgs { get; init; } = "";

    /// <summary>Where the page goes; null for nowhere.</summary>
    public string? Markdown { get; init; }

    /// <summary>Of one run.</summary>
    public TimeSpan Length => TimeSpan.FromSeconds(Seconds);

    /// <summary>The command that measures the same again.</summary>
    public string Command =>
        FormattableString.Invariant($"./bench {Name} --rounds {Rounds} --seconds {Seconds}")
        + (BraidArgs.Length > 0 ? $" --braid-args '{BraidArgs}'" : "");
}
