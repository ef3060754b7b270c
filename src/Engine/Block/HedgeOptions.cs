// SPDX-License-Identifier: Apache-2.0
namespace Braid.Block;

/// <summary>
/// Hedged reads of a map: when a read is sent on a second path, and how many may be. Of requests;
/// there are none in bio mode.
/// </summary>
public sealed record HedgeOptions
{
    /// <summary>The lowest percentile: with less, as many reads as not would be due.</summary>
    public const double MinPercentile = 50;

    /// <summary>
    /// The highest: for more, tens of thousands of reads of a path would have to be seen first.
    /// </summary>
    public const double MaxPercentile = 99.9;

    /// <summary>The lowest share, of a hundred reads.</summary>
    public const double MinSharePercent = 0.1;

    /// <summary>
    /// Hedges that may be saved up: a path that stands still has a queue of clients' reads at once.
    /// </summary>
    public const int Burst = 64;

    /// <summary>
    /// A read is due when it has waited longer than this percentile of the reads of its path;
    /// <see cref="MinPercentile"/> to <see cref="MaxPercentile"/>.
    /// </summary>
    public double Percentile { get; init; } = 99;

    /// <summary>
    /// Of a hundred reads so many may be sent twice; <see cref="MinSharePercent"/> to 100. A burst
    /// of <see cref="Burst"/> comes on top.
    /// </summary>
    public double SharePercent { get; init; } = 5;
}
