// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;
using Braid.Block;

namespace Braid.Mapper;

/// <summary>
/// The words DEVICE SECTOR of a table line: where in a device a target's range lies.
/// </summary>
internal static class DeviceWords
{
    public static DeviceRange Take(TableWords words, TargetContext context)
    {
        BlockDevice device = words.TakeDevice("the device", context.Devices);
        long offset = words.TakeSectors("the start sector of the device") * Table.SectorSize;
        return new DeviceRange(device, offset, context.Length);
    }

    public static void Append(StringBuilder text, DeviceRange range)
    {
        text.Append(range.Device.Name).Append(' ');
        text.Append(CultureInfo.InvariantCulture, $"{range.Offset / Table.SectorSize}");
    }

    /// <summary>Sends a bio there.</summary>
    /// <param name="bio">With an offset within the mapped device.</param>
    /// <param name="range">Where the target's range lies.</param>
    /// <param name="start">Where the target begins in the mapped device.</param>
    public static MapResult Remap(TargetBio bio, DeviceRange range, long start)
    {
        bio.Device = range.Device;
        if (bio.Clone.Operation != BlockOperation.Flush)
            bio.Clone.Offset = bio.Clone.Offset - start + range.Offset;
        return MapResult.Remapped;
    }

    public static void RequireEnd(TableWords words, string what)
    {
        if (words.Left > 0) throw new TableException($"{what} takes no more words", words);
    }
}
