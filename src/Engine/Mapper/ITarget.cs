// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Braid.Block;

namespace Braid.Mapper;

/// <summary>
/// One line of a table (struct dm_target): maps I/O of its range to devices below. On the loop of
/// its mapped device.
/// </summary>
public interface ITarget
{
    /// <summary>As the table names it.</summary>
    string TypeName { get; }

    /// <summary>Devices below, each once.</summary>
    IEnumerable<BlockDevice> Devices { get; }

    /// <summary>Arguments as the kernel prints them with STATUSTYPE_TABLE.</summary>
    void AppendTable(StringBuilder text);

    /// <summary>State as the kernel prints it with STATUSTYPE_INFO.</summary>
    void AppendStatus(StringBuilder text);

    /// <summary>
    /// Acts on a message. <see cref="MessageException"/> when it is not understood or fails.
    /// </summary>
    void Message(IReadOnlyList<string> words);
}

/// <summary>
/// A target that maps requests: a clone is made on a queue below, for a whole request.
/// </summary>
public interface IRequestTarget : ITarget
{
    /// <summary>
    /// True only if a request mapped now would be mapped, and would then wait on congested queues
    /// below. Never true when I/O has to be failed or queued: the mapper would keep it, and the
    /// target could not do what it must.
    /// </summary>
    bool IsBusy { get; }

    /// <summary>Chooses a queue and makes the clone there (clone_and_map_rq).</summary>
    MapResult CloneAndMap(Request origin, TargetIo io, ICloneOwner owner, out Request? clone);

    /// <summary>A clone that could not be dispatched: undoes what mapping counted.</summary>
    void ReleaseClone(TargetIo io);

    /// <summary>A clone has ended (rq_end_io); the status may be changed.</summary>
    EndIoResult EndIo(TargetIo io, BlockOperation operation, ref BlockStatus status);
}

/// <summary>A target that maps bios one by one.</summary>
public interface IBioTarget : ITarget
{
    /// <summary>
    /// Of a target that can map requests too: that it was asked to map bios (queue_mode bio).
    /// </summary>
    bool PrefersBios => false;

    /// <summary>Sets the device and the offset of the clone.</summary>
    MapResult Map(TargetBio bio);

    /// <summary>
    /// A clone has ended. Incomplete: the target will map it again through
    /// <see cref="ITargetHost.Remap"/>.
    /// </summary>
    EndIoResult EndIo(TargetBio bio, ref BlockStatus status);
}
