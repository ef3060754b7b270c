// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Transports.Nbd;

namespace Braid.Daemon;

/// <summary>How paths form groups (path_grouping_policy).</summary>
public enum GroupingPolicy
{
    /// <summary>All paths in one group, used together.</summary>
    Multibus,

    /// <summary>A group for each path: one is used, the others wait.</summary>
    Failover,
}

/// <summary>A path as it was declared.</summary>
/// <param name="Name">As tables and messages call it.</param>
/// <param name="Uri">Where it leads.</param>
public sealed record DeclaredPath(string Name, string Uri);

/// <summary>A map in the foreground: what `braid run` was asked for.</summary>
public sealed record MapOptions
{
    /// <summary>More than any map has paths that may die one after the other.</summary>
    public const int FreeRetries = 16;

    public const long DefaultPoolBytes = 256L << 20;

    public required string Name { get; init; }

    public required IReadOnlyList<DeclaredPath> Paths { get; init; }

    public IReadOnlyList<string> Exports { get; init; } = [];

    /// <summary>Bytes; null takes what the paths say.</summary>
    public long? SizeBytes { get; init; }

    /// <summary>
    /// Bytes, a power of two: what clients are told their blocks have at least, whatever the paths
    /// that are known when a map is made; null for what those say.
    /// </summary>
    public int? MinBlock { get; init; }

    /// <summary>Bytes: no path is sent more in one request; null for what they say.</summary>
    public long? MaxRequestBytes { get; init; }

    /// <summary>The kernel's table line; null makes one of the options below.</summary>
    public string? Table { get; init; }

    public GroupingPolicy Grouping { get; init; }

    /// <summary>Path selector with its arguments, as multipath.conf writes it.</summary>
    public string Selector { get; init; } = "service-time 0";

    public bool QueueIfNoPath { get; init; }

    /// <summary>Paths are chosen for bios, not for requests.</summary>
    public bool BioMode { get; init; }

    /// <summary>Whose the caches behind the paths are.</summary>
    public WriteCache WriteCache { get; init; }

    /// <summary>When reads are sent on a second path, too; null for never.</summary>
    public HedgeOptions? Hedging { get; init; }

    /// <summary>
    /// Clients with much in flight are held back beside one that waits for each of its commands.
    /// </summary>
    public bool HoldsFloods { get; init; } = true;

    /// <summary>Of the map: tags, scheduler, merge cap.</summary>
    public QueueOptions Queue { get; init; } =
        new()
        {
            Depth = 1024, CapMerges = true, TakesTurns = true, FreeRetries = FreeRetries,
        };

    /// <summary>Of each path.</summary>
    public QueueOptions PathQueue { get; init; } = new() { Depth = 256 };

    public NbdSettings Nbd { get; init; } = new();

    /// <summary>Path of the control socket; null for none.</summary>
    public string? ControlSocket { get; init; }

    /// <summary>I/O memory of all clients together.</summary>
    public long PoolBytes { get; init; } = DefaultPoolBytes;

    /// <summary>What maps promise at most; null when nothing was said.</summary>
    internal QueueLimits? Declared => MinBlock is null && MaxRequestBytes is null
        ? null
        : QueueLimits.AtMost(MinBlock ?? 1, MaxRequestBytes ?? long.MaxValue);
}
