// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Tests.Simulation;

/// <summary>
/// What clients do: how many of them, how much at once, which operations how often.
/// </summary>
internal sealed record SimLoadPlan
{
    public int Clients { get; init; } = 1;

    /// <summary>I/Os in flight of each client.</summary>
    public int Depth { get; init; } = 1;

    /// <summary>All offsets and lengths are multiples of this.</summary>
    public int Align { get; init; } = 512;

    public int MaxBytes { get; init; } = 4096;

    /// <summary>Mean time between the end of an I/O and the next in its place.</summary>
    public long ThinkNs { get; init; }

    /// <summary>In a thousand; the rest are reads.</summary>
    public int Writes { get; init; }

    public int Fuas { get; init; }

    public int Flushes { get; init; }

    public int Discards { get; init; }

    public int Zeroes { get; init; }

    /// <summary>Which parts are allocated.</summary>
    public int Queries { get; init; }

    /// <summary>In a thousand: the I/O goes on where the one before has ended.</summary>
    public int Sequential { get; init; }

    /// <summary>In a thousand: the I/O goes to the first few blocks, where all meet.</summary>
    public int Hot { get; init; }

    /// <summary>
    /// In a round, about: seeds are to be many, and what is rare comes with faults, not with I/Os.
    /// </summary>
    private const long MaxIos = 3000;
    private const long MaxRoundBytes = 64 << 20;

    public static SimLoadPlan Draw(LoopRandom random, long volumeBytes, long roundNs)
    {
        int align = random.Pick(512, 512, 4096);
        int clients = random.Between(1, 3);
        int depth = random.Pick(1, 2, 4, 8, 16, 32);
        long maxBytes = align * random.Pick(1L, 2, 8, 8, 32, 64, 512);
        maxBytes = Math.Min(volumeBytes / 2, maxBytes);
        long ios = Math.Min(MaxIos, 2 * MaxRoundBytes / maxBytes);
        long leastNs = roundNs / ios * clients * depth;
        return new SimLoadPlan
        {
            Clients = clients,
            Depth = depth,
            Align = align,
            MaxBytes = (int)maxBytes,
            ThinkNs = Math.Max(leastNs, random.Duration(2_000_000, 300_000_000)),
            Writes = random.Between(100, 800),
            Fuas = random.Pick(0, 50, 200),
            Flushes = random.Pick(0, 20, 100),
            Discards = random.Pick(0, 0, 30, 100),
            Zeroes = random.Pick(0, 0, 30, 100),
            Sequential = random.Pick(0, 300, 900),
            Hot = random.Pick(0, 300, 700),
        };
    }

    public override string ToString() =>
        $"{Clients} clients with {Depth} I/Os of {Align} to {MaxBytes} bytes";
}
