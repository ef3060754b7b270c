// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>What a <see cref="FileJob"/> does.</summary>
public enum FileOperation : byte
{
    Read,
    Write,

    /// <summary>fdatasync.</summary>
    Sync,

    /// <summary>Punch a hole, which reads as zeroes; on a block device, discard.</summary>
    PunchHole,

    /// <summary>
    /// Zero a range, by a hole where that can be; written out where nothing else can.
    /// </summary>
    Zero,

    /// <summary>The same, but the range stays allocated.</summary>
    ZeroAllocated,

    /// <summary>Whether the range begins in a hole, and how far that goes.</summary>
    Extent,
}
