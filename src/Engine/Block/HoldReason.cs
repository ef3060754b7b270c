// SPDX-License-Identifier: Apache-2.0
namespace Braid.Block;

/// <summary>Why an I/O waits, and is not on its way.</summary>
public enum HoldReason : byte
{
    None,

    /// <summary>No path works, or its group is not active yet.</summary>
    Path,

    /// <summary>Its target holds every I/O for a time (delay).</summary>
    Delay,

    /// <summary>A stale write to the same bytes may still land.</summary>
    StaleWrite,

    /// <summary>
    /// It came back from paths without progress, and is tried less and less often; or it is at one
    /// again.
    /// </summary>
    Retries,

    /// <summary>A write to the same bytes is under way (private write caches).</summary>
    Overlap,

    /// <summary>A flush: what was acknowledged is not durable on every path yet.</summary>
    Cache,

    /// <summary>The map is suspended.</summary>
    Suspended,
}
