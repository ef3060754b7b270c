// SPDX-License-Identifier: Apache-2.0
using Braid.Mapper;

namespace Braid.Multipath;

/// <summary>The selectors that a table may name.</summary>
public static class SelectorTypes
{
    /// <summary>Their names, in the order of their age.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["round-robin", "queue-length", "service-time"];

    /// <summary>Makes one; these three swallow whatever arguments the group gives them.</summary>
    internal static IPathSelector Create(string name, TableWords words, Action<string> log) =>
        name switch
        {
            "round-robin" => new RoundRobin(log),
            "queue-length" => new QueueLength(log),
            "service-time" => new ServiceTime(log),
            _ => throw new TableException(
                $"unknown path selector type, known are {string.Join(", ", Names)}", words),
        };
}
