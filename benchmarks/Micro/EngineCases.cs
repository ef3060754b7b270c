// SPDX-License-Identifier: Apache-2.0
using Braid.Multipath;

namespace Braid.Bench.Micro;

/// <summary>The named collections of cases.</summary>
internal static class EngineCases
{
    public const string Rq = "rq";
    public const string Bio = "bio";

    private static readonly int[] Paths = [2, 16, 128];

    /// <summary>The case of the goal: under 50 ns and 0 bytes a request.</summary>
    public static EngineCase Goal { get; } = new("round-robin", 2, Rq, EngineStream.Scattered, 1);

    /// <summary>What the goals speak of: the goal's case, and selectors as paths grow.</summary>
    public static IReadOnlyList<EngineCase> Quick { get; } =
    [
        .. from selector in SelectorTypes.Names
           from paths in Paths
           select Goal with { Selector = selector, Paths = paths },
    ];

    /// <summary>Selectors, queue modes and streams in full; two loops and requeues once.</summary>
    public static IReadOnlyList<EngineCase> Full { get; } =
    [
        .. from mode in (string[])[Rq, Bio]
           from stream in (EngineStream[])[EngineStream.Scattered, EngineStream.Neighbours]
           from quick in Quick
           select quick with { QueueMode = mode, Stream = stream },
        Goal with { Loops = 2 },
        Goal with { Stream = EngineStream.Neighbours, Loops = 2 },
        Goal with { Stream = EngineStream.Failover },
        Goal with { QueueMode = Bio, Stream = EngineStream.Failover },
    ];
}
