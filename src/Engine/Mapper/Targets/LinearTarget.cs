// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Braid.Block;

namespace Braid.Mapper;

/// <summary>A range of one device, moved (drivers/md/dm-linear.c).</summary>
public sealed class LinearTarget(DeviceRange range, long start) : IBioTarget
{
    public string TypeName => "linear";

    public TargetKinds Kinds => TargetKinds.Bio;

    public IEnumerable<DeviceRange> Ranges => [range];

    public MapResult Map(TargetBio bio) => DeviceWords.Remap(bio, range, start);

    public EndIoResult EndIo(TargetBio bio, ref BlockStatus status) => EndIoResult.Done;

    public void AppendTable(StringBuilder text) => DeviceWords.Append(text, range);

    public void AppendStatus(StringBuilder text)
    {
        // It has no state.
    }
}

/// <summary>Makes <see cref="LinearTarget"/>s: `linear DEVICE SECTOR`.</summary>
public sealed class LinearTargetType : ITargetType
{
    public string Name => "linear";

    public ITarget Create(TableWords words, TargetContext context)
    {
        DeviceRange range = DeviceWords.Take(words, context);
        DeviceWords.RequireEnd(words, Name);
        return new LinearTarget(range, context.Offset);
    }
}
