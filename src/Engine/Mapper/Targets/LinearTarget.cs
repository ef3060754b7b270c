// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;
using Braid.Block;

namespace Braid.Mapper;

/// <summary>A range of one device, moved (drivers/md/dm-linear.c).</summary>
public sealed class LinearTarget(BlockDevice device, long deviceOffset, long start) : IBioTarget
{
    public string TypeName => "linear";

    public IEnumerable<BlockDevice> Devices => [device];

    public MapResult Map(TargetBio bio)
    {
        bio.Device = device;
        if (bio.Clone.Operation != BlockOperation.Flush)
            bio.Clone.Offset = bio.Clone.Offset - start + deviceOffset;
        return MapResult.Remapped;
    }

    public EndIoResult EndIo(TargetBio bio, ref BlockStatus status) => EndIoResult.Done;

    public void AppendTable(StringBuilder text)
    {
        text.Append(device.Name).Append(' ');
        text.Append(CultureInfo.InvariantCulture, $"{deviceOffset / Table.SectorSize}");
    }

    public void AppendStatus(StringBuilder text)
    {
        // It has no state.
    }

    public void Message(IReadOnlyList<string> words) =>
        throw new MessageException("the linear target takes no messages");
}

/// <summary>Makes <see cref="LinearTarget"/>s: `linear DEVICE SECTOR`.</summary>
public sealed class LinearTargetType : ITargetType
{
    public string Name => "linear";

    public ITarget Create(TableWords words, TargetContext context)
    {
        BlockDevice device = context.Devices.Find(words.Take("the device"));
        long offset = words.TakeSectors("the start sector of the device") * Table.SectorSize;
        if (words.Left > 0) throw new TableException("linear takes a device and a sector", words);
        if (device.SizeBytes > 0 && context.Length > device.SizeBytes - offset)
            throw new TableException($"{device.Name} is too small for the target", words);
        return new LinearTarget(device, offset, context.Offset);
    }
}
