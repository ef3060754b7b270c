// SPDX-License-Identifier: Apache-2.0
using System.Text.Json.Serialization;
using Braid.Block;
using Braid.Mapper;

namespace Braid.Daemon;

/// <summary>
/// The answer; docs/CONTROL.md explains each field. What is null is left out: one without an error
/// says that it was done.
/// </summary>
public sealed record ControlReply
{
    /// <summary>Of an error: a word of a request may be longer than anybody reads.</summary>
    private const int MaxError = 4096;

    /// <summary>Why it was not done: one line.</summary>
    public string? Error { get; init; }

    /// <summary>It was done, but its user should know something.</summary>
    public string? Note { get; init; }

    /// <summary>Of `wait`: the number of the map's last event.</summary>
    public uint? Event { get; init; }

    /// <summary>Of `table` and `status`.</summary>
    public IReadOnlyList<TableState>? Tables { get; init; }

    /// <summary>Of `info`.</summary>
    public IReadOnlyList<MapState>? Maps { get; init; }

    /// <summary>Of `status --held`.</summary>
    public IReadOnlyList<HeldState>? Held { get; init; }

    /// <summary>Of `fail-held`: how many I/Os.</summary>
    public int? Failed { get; init; }

    /// <summary>Of `path list`.</summary>
    public IReadOnlyList<PathReport>? Paths { get; init; }

    public static ControlReply Refused(string error) => new()
    {
        // It may quote a word of the request, which may hold anything.
        Error = PlainText.OneLine(error.Length <= MaxError ? error : error[..MaxError] + "..."),
    };
}

/// <summary>The targets of a map, with their arguments or their state.</summary>
/// <param name="Name">Of the map.</param>
/// <param name="Targets">Empty when there is no such table.</param>
public sealed record TableState(string Name, IReadOnlyList<TableLine> Targets);

/// <summary>A map, as `dmsetup info` shows it.</summary>
public sealed record MapState
{
    public required string Name { get; init; }

    public bool Suspended { get; init; }

    public bool ReadOnly { get; init; }

    /// <summary>Whether there is a table that I/O goes through.</summary>
    public bool Live { get; init; }

    /// <summary>Whether there is a table that the next resume makes live.</summary>
    public bool Inactive { get; init; }

    public int OpenCount { get; init; }

    /// <summary>The number of its last event.</summary>
    public uint Event { get; init; }

    /// <summary>Targets of the live table.</summary>
    public int Targets { get; init; }

    public long SizeBytes { get; init; }

    /// <summary>I/Os that it holds now.</summary>
    public int Held { get; init; }

    /// <summary>Writes of given-up paths that may still land.</summary>
    public int StaleWrites { get; init; }

    /// <summary>Such writes since it was made.</summary>
    public long StaleWritesTotal { get; init; }

    /// <summary>
    /// With private write caches: memory of writes that were acknowledged and are not flushed.
    /// </summary>
    public long? KeptBytes { get; init; }

    /// <summary>With private write caches: pieces written again, since it was made.</summary>
    public long? RewrittenTotal { get; init; }

    /// <summary>Reads that were sent on a second path; null unless the map does that.</summary>
    public HedgeState? Hedges { get; init; }

    /// <summary>
    /// Clients on each loop, where there are several; null where one serves them all.
    /// </summary>
    public IReadOnlyList<int>? ClientsByLoop { get; init; }

    /// <summary>Clients of the loop that was asked.</summary>
    [JsonIgnore]
    public int Clients { get; init; }

    /// <summary>URIs for clients.</summary>
    public IReadOnlyList<string> Exports { get; init; } = [];
}

/// <summary>What became of the hedged reads of a map since it was made.</summary>
/// <param name="Sent">Reads that were sent on a second path.</param>
/// <param name="Won">Of these, those that ended with the answer of the second.</param>
/// <param name="Denied">Reads that were due, and for which nothing was left of the share.</param>
public sealed record HedgeState(long Sent, long Won, long Denied);

/// <summary>A declared path.</summary>
public sealed record PathReport
{
    public required string Name { get; init; }

    /// <summary>up, down or refused.</summary>
    public required string State { get; init; }

    /// <summary>Why it is not up; null when it is.</summary>
    public string? Problem { get; init; }

    public required string Uri { get; init; }

    /// <summary>0 while it was never reached.</summary>
    public long SizeBytes { get; init; }

    /// <summary>Maps whose tables use it, live or inactive.</summary>
    public IReadOnlyList<string> Maps { get; init; } = [];
}
