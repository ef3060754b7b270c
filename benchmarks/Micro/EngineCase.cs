// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Braid.Bench.Micro;

/// <summary>What clients send.</summary>
public enum EngineStream
{
    /// <summary>4 KiB here and there: nothing merges.</summary>
    Scattered,

    /// <summary>4 KiB neighbours: a burst becomes a few requests where a queue sees it.</summary>
    Neighbours,

    /// <summary>As scattered; what the first path is given comes back with a path error.</summary>
    Failover,
}

/// <summary>One condition that the engine is measured under.</summary>
/// <param name="Selector">As tables name it.</param>
/// <param name="Paths">In one group.</param>
/// <param name="QueueMode">rq or bio, as tables name it.</param>
/// <param name="Stream">What clients send.</param>
/// <param name="Loops">Engines, each on a thread of its own; nothing is shared.</param>
public sealed record EngineCase(
    string Selector, int Paths, string QueueMode, EngineStream Stream, int Loops)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Selector}-p{Paths}-{QueueMode}-{Stream}-l{Loops}");
}
