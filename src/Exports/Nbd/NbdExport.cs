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
    /// <summary>The same device on each loop, by number; null where there is one.</summary>
    private readonly IReadOnlyList<BlockDevice>? _twins;

    /// <param name="name">Up to 4096 bytes of UTF-8.</param>
    /// <param name="device">Used on the server's loop only.</param>
    /// <param name="twins">
    /// What other loops have in its place, by their numbers, for clients that are served there;
    /// null where there is one loop.
    /// </param>
    public NbdExport(string name, BlockDevice device, IReadOnlyList<BlockDevice>? twins = null)
    {
        Name = name;
        Device = device;
        _twins = twins;
        Accepting = device;
        SizeBytes = device.SizeBytes;
        Limits = device.Limits;
    }

    private NbdExport(NbdExport told, BlockDevice device)
    {
        Name = told.Name;
        Device = device;
        Accepting = told.Device;
        SizeBytes = told.SizeBytes;
        Limits = told.Limits;
    }

    public string Name { get; }

    public BlockDevice Device { get; }

    /// <summary>
    /// The device of the loop that accepts its clients; to others than that loop only a name.
    /// </summary>
    internal BlockDevice Accepting { get; }

    public long SizeBytes { get; }

    public QueueLimits Limits { get; }

    /// <summary>Whether it tells what is true now.</summary>
    public bool IsCurrent => SizeBytes == Device.SizeBytes && Limits == Device.Limits;

    /// <summary>The same for clients that come from now on: what is true now.</summary>
    internal NbdExport Renewed => new(Name, Device, _twins);

    /// <summary>What a client was told, with the device of the loop that is to serve it.</summary>
    internal NbdExport On(int loop) => new(this, _twins![loop]);

    /// <summary>
    /// A flush on one connection covers what completed on all (CAN_MULTI_CONN): they share one
    /// device, or those of several loops over storage with one cache. FUA is always there: where no
    /// path has it, the queue flushes after the write.
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
