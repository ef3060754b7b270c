// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Wire.Nbd;

namespace Braid.Exports.Nbd;

/// <summary>
/// A device under a name, with what clients are told of it: that holds for as long as they are
/// connected. When the device has changed, those who come later get another one.
/// </summary>
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

    /// <summary>Whether it tells what is true now.</summary>
    public bool IsCurrent => SizeBytes == Device.SizeBytes && Limits == Device.Limits;

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

    /// <summary>
    /// What a client was told that a device with another size and other limits would not keep; null
    /// when it would. More than was told does no harm.
    /// </summary>
    public string? Breaks(long sizeBytes, QueueLimits limits)
    {
        if (sizeBytes < SizeBytes) return $"that there are {SizeBytes} bytes, not {sizeBytes}";
        if (limits.LogicalBlockSize > Limits.LogicalBlockSize)
            return $"that blocks have {Limits.LogicalBlockSize} bytes, "
                + $"not {limits.LogicalBlockSize}";
        if (limits.ReadOnly && !Limits.ReadOnly) return "that it can be written";
        if (limits.MaxDiscardBytes == 0 && Limits.MaxDiscardBytes > 0) return "that it takes trims";
        if (limits.MaxWriteZeroesBytes == 0 && Limits.MaxWriteZeroesBytes > 0)
            return "that it takes write-zeroes";
        return null;
    }
}

/// <summary>What a client has agreed on in its handshake.</summary>
/// <param name="Export">What it uses.</param>
/// <param name="StructuredReplies">Reads are answered in chunks.</param>
/// <param name="Allocation">It may ask for base:allocation.</param>
internal sealed record NbdClientSession(NbdExport Export, bool StructuredReplies, bool Allocation);
