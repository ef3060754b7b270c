// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Braid.Block;

namespace Braid.Mapper;

/// <summary>Reads as zeroes and forgets what is written (drivers/md/dm-zero.c).</summary>
public sealed unsafe class ZeroTarget : IBioTarget
{
    public string TypeName => "zero";

    public TargetKinds Kinds => TargetKinds.Bio;

    public IEnumerable<DeviceRange> Ranges => [];

    /// <summary>As the kernel's of Linux 6.1, it does not say that it takes discards.</summary>
    public QueueLimits? OwnLimits { get; } = new();

    public MapResult Map(TargetBio bio)
    {
        Bio clone = bio.Clone;
        switch (clone.Operation)
        {
            case BlockOperation.Read:
                new Span<byte>(clone.Data, (int)clone.Length).Clear();
                break;
            case BlockOperation.Write:
            case BlockOperation.Discard:
                break;
            case BlockOperation.Flush:
            case BlockOperation.WriteZeroes:
            case BlockOperation.Extents:
            default:
                return MapResult.Kill;
        }
        clone.EndWith(BlockStatus.Ok);
        return MapResult.Submitted;
    }

    public EndIoResult EndIo(TargetBio bio, ref BlockStatus status) => EndIoResult.Done;

    public void AppendTable(StringBuilder text)
    {
        // It has no arguments.
    }

    public void AppendStatus(StringBuilder text)
    {
        // And no state.
    }
}

/// <summary>Makes <see cref="ZeroTarget"/>s.</summary>
public sealed class ZeroTargetType : ITargetType
{
    public string Name => "zero";

    public ITarget Create(TableWords words, TargetContext context)
    {
        DeviceWords.RequireEnd(words, Name);
        return new ZeroTarget();
    }
}
