// SPDX-License-Identifier: Apache-2.0
using System.Text.Json.Serialization;

namespace Braid.Daemon;

/// <summary>What a client of the control socket asks; docs/CONTROL.md has each field.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ControlRequest
{
    public required string Command { get; init; }

    /// <summary>Of a map, or of a path for the commands of paths.</summary>
    public string? Name { get; init; }

    public string? NewName { get; init; }

    /// <summary>Lines of a table, with line ends between.</summary>
    public string? Table { get; init; }

    /// <summary>Where a new map is exported.</summary>
    public IReadOnlyList<string>? Exports { get; init; }

    /// <summary>The inactive table instead of the live one.</summary>
    public bool Inactive { get; init; }

    public bool Noflush { get; init; }

    /// <summary>As dmsetup takes it: there is no file system here that could be locked.</summary>
    public bool Nolockfs { get; init; }

    /// <summary>The last event that the client knows of.</summary>
    public uint? Event { get; init; }

    /// <summary>Of a message.</summary>
    public IReadOnlyList<string>? Words { get; init; }

    /// <summary>Of I/Os that a map holds; null for all.</summary>
    public IReadOnlyList<string>? Ids { get; init; }

    /// <summary>Where a path leads.</summary>
    public string? Uri { get; init; }
}
