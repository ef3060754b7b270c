// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Braid.Block;

namespace Braid.Mapper;

/// <summary>Fails every I/O but a flush of bios (drivers/md/dm-target.c).</summary>
public sealed class ErrorTarget : IRequestTarget, IBioTarget
{
    public string TypeName => "error";

    public TargetKinds Kinds => TargetKinds.Bio | TargetKinds.Request;

    public bool IsWildcard => true;

    public IEnumerable<DeviceRange> Ranges => [];

    public QueueLimits? OwnLimits { get; } = new();

    public bool IsBusy => false;

    public MapResult CloneAndMap(
        Request origin, TargetIo io, ICloneOwner owner, out Request? clone)
    {
        clone = null;
        return MapResult.Kill;
    }

    public void ReleaseClone(TargetIo io)
    {
        // Nothing was counted.
    }

    public EndIoResult EndIo(TargetIo io, BlockOperation operation, ref BlockStatus status) =>
        EndIoResult.Done;

    public MapResult Map(TargetBio bio) => MapResult.Kill;

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

/// <summary>Makes <see cref="ErrorTarget"/>s.</summary>
public sealed class ErrorTargetType : ITargetType
{
    public string Name => "error";

    public ITarget Create(TableWords words, TargetContext context) => new ErrorTarget();
}
