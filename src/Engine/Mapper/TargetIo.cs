// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Mapper;

/// <summary>
/// What a target keeps for one I/O between map and end io (struct dm_mpath_io in its per-I/O
/// data). One for each tag, allocated once. The mapper never looks inside.
/// </summary>
public sealed class TargetIo
{
    /// <summary>Whom the I/O was sent to: the target's own object.</summary>
    public object? Route { get; set; }

    /// <summary>Bytes that were counted in, to be counted out again.</summary>
    public long Bytes { get; set; }

    /// <summary>When it was mapped, on the loop's clock.</summary>
    public long StartNs { get; set; }
}

/// <summary>
/// One clone of a bio on its way through a bio-based target (struct dm_target_io). Pooled by the
/// mapper; in a list of the target's while it holds it.
/// </summary>
public sealed class TargetBio
{
    internal TargetBio(IBioOwner owner) => Clone = new Bio(owner);

    /// <summary>What goes to the device; its offset is the target's to change.</summary>
    public Bio Clone { get; }

    /// <summary>Where the clone goes, set by <see cref="IBioTarget.Map"/>.</summary>
    public BlockDevice? Device { get; set; }

    public TargetIo Io { get; } = new();

    /// <summary>Link of the list that holds it.</summary>
    public TargetBio? Next { get; set; }

    internal MappedBio? Whole { get; set; }

    /// <summary>Counts its uses: it is pooled.</summary>
    internal uint Use { get; set; }

    /// <summary>Somebody wants it to fail when it is mapped again.</summary>
    internal bool IsCondemned { get; set; }

    /// <summary>Its target holds it for a time of its own.</summary>
    internal bool IsPostponed { get; set; }

    /// <summary>It is in the counts of the device.</summary>
    internal bool IsCounted { get; set; }

    /// <summary>It came back from a device below, and was not ended with that.</summary>
    internal bool IsRetried { get; set; }

    /// <summary>The clone is at the device below.</summary>
    internal bool IsBelow { get; set; }

    internal TargetEntry? Entry { get; set; }

    /// <summary>Offset within the mapped device: what the clone had before it was mapped.</summary>
    internal long Offset { get; set; }
}

/// <summary>A bio of a client while its clones are out (struct dm_io).</summary>
internal sealed class MappedBio
{
    public Bio? Bio { get; set; }

    public int Parts { get; set; }

    /// <summary>When it came, on the loop's clock.</summary>
    public long StartNs { get; set; }

    public BlockStatus Status { get; set; }

    /// <summary>It is a flush, and in the counts of the device.</summary>
    public bool HasFlushCounted { get; set; }

    /// <summary>A part waits for a stale write, and the device is suspended.</summary>
    public bool IsDeferred { get; set; }

    /// <summary>Copies of it that may still land.</summary>
    public StaleWrite? Stale { get; set; }

    /// <summary>A part could not be done now: the bio goes to the next table.</summary>
    public bool IsRequeued { get; set; }
}
