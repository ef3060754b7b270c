// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Wire.Nbd;

namespace Braid.Exports.Nbd;

/// <summary>A device under a name. What clients are told of it is fixed when it is made.</summary>
public sealed class NbdExport
{
    /// <param name="name">Up to 4096 bytes of UTF-8.</param>
    /// <param name="device">Used on the server's loop only.</param>
    public NbdExport(string name, BlockDevice device)
    {
        Name = name;
        Device = device;
        SizeBytes = device.SizeBytes;
        Limits = device.Limits;
    }

    public string Name { get; }

    public BlockDevice Device { get; }

    public long SizeBytes { get; }

    public QueueLimits Limits { get; }

    /// <summary>
    /// A flush on one connection covers what completed on all (CAN_MULTI_CONN): they share one
    /// device. FUA is always there: where no path has it, the queue flushes after the write.
    /// </summary>
    public NbdTransmissionFlags Flags
    {
        get
        {
            NbdTransmissionFlags flags = NbdTransmissionFlags.HasFlags
                | NbdTransmissionFlags.SendFlush | NbdTransmissionFlags.SendFua
                | NbdTransmissionFlags.SendDf | NbdTransmissionFlags.CanMultiConn
                | NbdTransmissionFlags.SendCache;
            if (Limits.ReadOnly) flags |= NbdTransmissionFlags.ReadOnly;
            if (Limits.MaxDiscardBytes > 0) flags |= NbdTransmissionFlags.SendTrim;
            if (Limits.MaxWriteZeroesBytes > 0) flags |= NbdTransmissionFlags.SendWriteZeroes;
            return flags;
        }
    }
}

/// <summary>What a client has agreed on in its handshake.</summary>
/// <param name="Export">What it uses.</param>
/// <param name="StructuredReplies">Reads are answered in chunks.</param>
/// <param name="Allocation">It may ask for base:allocation.</param>
internal sealed record NbdClientSession(NbdExport Export, bool StructuredReplies, bool Allocation);
