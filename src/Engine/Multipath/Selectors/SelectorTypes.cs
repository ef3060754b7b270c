// SPDX-License-Identifier: Apache-2.0
using Braid.Mapper;

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
        string name, IReadOnlyList<string> arguments, ITargetHost host) => name switch
        {
            "round-robin" => new RoundRobin(host.Log),
            "queue-length" => new QueueLength(host.Log),
            "service-time" => new ServiceTime(host.Log),
            "historical-service-time" =>
                new HistoricalServiceTime(arguments, host.Loop, host.Log),
            "io-affinity" => new IoAffinity(host.Loop, host.Log),
            _ => null,
        };
}
