// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>Paths of limited rate, and who chooses among them.</summary>
/// <param name="Name">As the table shows it.</param>
/// <param name="Rates">Of each path, in MB/s.</param>
/// <param name="Selector">Of Braid; null for the only path itself, without Braid.</param>
/// <param name="Share">The goal: a share of what the fast paths could do together.</param>
internal sealed record RateCase(
    string Name, IReadOnlyList<int> Rates, string? Selector, double? Share)
{
    public const int Fast = 100;
    private const int Slow = 1;

    private static readonly int[] Two = [Fast, Fast];
    private static readonly int[] Four = [Slow, Slow, Fast, Fast];

    /// <summary>What the others are measured by.</summary>
    public static RateCase Direct { get; } = new("one path, direct", [Fast], null, null);

    /// <summary>Two equal paths: "at least 1.95 times one path" is 0.975 of both.</summary>
    public static IReadOnlyList<RateCase> All { get; } =
    [
        Direct,
        new("one path", [Fast], "service-time 0", null),
        new("two paths", Two, "service-time 0", 1.95 / 2),
        new("1, 1, 100, 100 MB/s", Four, "service-time 0", 0.95),
        new("1, 1, 100, 100 MB/s", Four, "queue-length 0", 0.95),
        new("1, 1, 100, 100 MB/s", Four, "historical-service-time 0", null),
        new("1, 1, 100, 100 MB/s", Four, "round-robin 0", null),
    ];

    /// <summary>Paths that are worth their I/O.</summary>
    public int FastPaths => Rates.Count(rate => rate == Fast);
}

/// <summary>What came through, a sample for each round.</summary>
internal sealed record RateResult(RateCase Case, IReadOnlyList<double> MegabytesPerSecond);
