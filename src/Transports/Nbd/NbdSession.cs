// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Wire.Nbd;

namespace Braid.Transports.Nbd;

/// <summary>What a handshake has agreed on.</summary>
internal sealed record NbdSession
{
    /// <summary>A trim or write-zeroes has no payload; servers take far more than this.</summary>
    private const long MaxRange = 1 << 30;

    /// <summary>
    /// A server that takes less in one request cannot be used: with a few bytes each, one I/O would
    /// become thousands. A page, as the kernel has it (blk_validate_limits).
    /// </summary>
    public const uint LeastPayload = 4096;

    /// <summary>Ranges of memory in one request, so that it fits into one sendmsg.</summary>
    private const int MaxSegments = 256;

    public long SizeBytes { get; init; }

    public NbdTransmissionFlags Flags { get; init; }

    public bool StructuredReplies { get; init; }

    /// <summary>What comes before the data of a read.</summary>
    public int DataHeaderBytes => StructuredReplies
        ? NbdProtocol.ChunkHeaderSize + NbdProtocol.ChunkOffsetSize
        : NbdProtocol.SimpleReplySize;

    /// <summary>Id of base:allocation, or null when the server has not agreed to it.</summary>
    public uint? AllocationContext { get; init; }

    /// <summary>Offsets and lengths are multiples of this.</summary>
    public uint MinBlock { get; init; } = 1;

    /// <summary>Longest payload.</summary>
    public uint MaxPayload { get; init; } = NbdProtocol.MaxPayload;

    public QueueLimits Limits() => new()
    {
        MaxBytes = Math.Min(MaxPayload, NbdProtocol.MaxPayload) / MinBlock * MinBlock,
        MaxSegments = MaxSegments,
        LogicalBlockSize = (int)MinBlock,
        MaxDiscardBytes = Has(NbdTransmissionFlags.SendTrim) ? MaxRange : 0,
        MaxWriteZeroesBytes = Has(NbdTransmissionFlags.SendWriteZeroes) ? MaxRange : 0,
        WriteCache = Has(NbdTransmissionFlags.SendFlush),
        Fua = Has(NbdTransmissionFlags.SendFua),
        ReadOnly = Has(NbdTransmissionFlags.ReadOnly),
        Extents = AllocationContext is not null,
    };

    /// <summary>
    /// Whether a flush on one connection covers what was written on others (NBD proto,
    /// NBD_FLAG_CAN_MULTI_CONN), as a map with several paths takes for granted.
    /// </summary>
    public bool IsCoherent => Has(NbdTransmissionFlags.CanMultiConn)
        || Has(NbdTransmissionFlags.ReadOnly) || !Has(NbdTransmissionFlags.SendFlush);

    public bool Has(NbdTransmissionFlags flag) => (Flags & flag) != 0;
}

/// <summary>
/// A peer that breaks the protocol, or refuses; the message says whose fault it is.
/// </summary>
public sealed class NbdException(string message) : IOException(message);
