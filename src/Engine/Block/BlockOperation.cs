// SPDX-License-Identifier: Apache-2.0
namespace Braid.Block;

/// <summary>What a bio asks for (the kernel's REQ_OP_*).</summary>
public enum BlockOperation : byte
{
    Read,
    Write,

    /// <summary>Makes completed writes durable; has no offset and no length.</summary>
    Flush,

    /// <summary>The range may be forgotten; what it reads as afterwards is not said.</summary>
    Discard,

    /// <summary>The range reads as zeroes afterwards.</summary>
    WriteZeroes,

    /// <summary>
    /// Which parts are allocated: fills the data with <see cref="BlockExtent"/>s, from the start of
    /// the range on, and not always up to its end.
    /// </summary>
    Extents,
}

/// <summary>How a bio is to be done (REQ_FUA, REQ_PREFLUSH and the like).</summary>
[Flags]
public enum BioFlags : byte
{
    None = 0,

    /// <summary>Durable when it ends.</summary>
    Fua = 1,

    /// <summary>What completed before is made durable first.</summary>
    Preflush = 2,

    /// <summary>A write of zeroes must leave the range allocated (REQ_NOUNMAP).</summary>
    NoUnmap = 4,

    /// <summary>The map's own: what a lost cache held is written again. Never merged.</summary>
    Replay = 8,
}

/// <summary>One answer of <see cref="BlockOperation.Extents"/>, in order, without gaps.</summary>
/// <param name="Length">Bytes.</param>
/// <param name="State">Bits of <see cref="Hole"/> and <see cref="Zero"/>.</param>
public readonly record struct BlockExtent(long Length, ulong State)
{
    /// <summary>Not allocated (NBD_STATE_HOLE).</summary>
    public const ulong Hole = 1;

    /// <summary>Reads as zeroes (NBD_STATE_ZERO).</summary>
    public const ulong Zero = 2;
}
