// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;

namespace Braid.Tests.Simulation;

/// <summary>One I/O of 4 KiB on the map itself.</summary>
internal sealed class MapIo : IBioOwner, IDisposable
{
    private readonly TestBuffer _buffer = new(4096);

    public MapIo(SimulatedWorld world, BlockOperation operation, long offset, int value)
        : this(world.Stack.Map!, operation, offset, value)
    {
    }

    public MapIo(MappedDevice map, BlockOperation operation, long offset, int value)
    {
        _buffer.Bytes.Fill((byte)value);
        var bio = new Bio(this) { Operation = operation, Offset = offset, Length = 4096 };
        if (bio.HasData) _buffer.AttachTo(bio);
        map.Submit(bio);
    }

    /// <summary>Null while it is under way.</summary>
    public BlockStatus? Status { get; private set; }

    public bool IsDone => Status is not null;

    public int First => _buffer.Bytes[0];

    public void EndBio(Bio bio)
    {
        Status.ShouldBeNull("it ends once");
        Status = bio.Status;
    }

    public void Dispose() => _buffer.Dispose();
}
