// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Multipath;

/// <summary>The selectors that a table may name.</summary>
public static class SelectorTypes
{
    /// <summary>Their names, in the order of their age.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "round-robin", "queue-length", "service-time", "historical-service-time", "io-affinity",
    ];

    /// <summary>Makes one; only historical-service-time looks at the group's arguments.</summary>
    /// <exception cref="SelectorException">An argument is wrong.</exception>
    internal static IPathSelector? TryCreate(
        string name, IReadOnlyList<string> arguments, IoLoop loop, Action<string> log) =>
        name switch
        {
            "round-robin" => new RoundRobin(log),
            "queue-length" => new QueueLength(log),
            "service-time" => new ServiceTime(log),
            "historical-service-time" =>
                new HistoricalServiceTime(arguments, loop, log),
            "io-affinity" => new IoAffinity(loop, log),
            _ => null,
        };
}
