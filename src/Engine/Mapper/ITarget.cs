// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Braid.Block;

namespace Braid.Mapper;

/// <summary>What a target maps.</summary>
[Flags]
public enum TargetKinds
{
    None = 0,
    Bio = 1,
    Request = 2,
}

/// <summary>A part of a device below.</summary>
/// <param name="Device">The device.</param>
/// <param name="Offset">Bytes from its start.</param>
/// <param name="Length">Bytes.</param>
public readonly record struct DeviceRange(BlockDevice Device, long Offset, long Length);

/// <summary>
/// One line of a table (struct dm_target): maps I/O of its range to devices below. On the loop of
/// its mapped device.
/// </summary>
public interface ITarget
{
    /// <summary>As the table names it.</summary>
    string TypeName { get; }

    /// <summary>Whether it maps requests, bios, or either.</summary>
    TargetKinds Kinds { get; }

    /// <summary>True if a device that has one keeps this type (DM_TARGET_IMMUTABLE).</summary>
    bool IsImmutable => false;

    /// <summary>True if its table has no other target (DM_TARGET_SINGLETON).</summary>
    bool IsSingleton => false;

    /// <summary>True if it may stand in for any other (DM_TARGET_WILDCARD).</summary>
    bool IsWildcard => false;

    /// <summary>
    /// The parts of devices below that it uses (iterate_devices); a device may be in it twice.
    /// </summary>
    IEnumerable<DeviceRange> Ranges { get; }

    /// <summary>
    /// What one that never has devices below can do by itself; null for any other. A flush means
    /// nothing to it.
    /// </summary>
    QueueLimits? OwnLimits => null;

    /// <summary>Arguments as the kernel prints them with STATUSTYPE_TABLE.</summary>
    void AppendTable(StringBuilder text);

    /// <summary>State as the kernel prints it with STATUSTYPE_INFO.</summary>
    void AppendStatus(StringBuilder text);

    /// <summary>The device begins to be suspended; I/O still comes.</summary>
    void Presuspend(bool noFlush)
    {
        // Most targets hold nothing that would have to be let go.
    }

    /// <summary>The device is suspended: no I/O is at this target, and none comes.</summary>
    void Postsuspend()
    {
        // The same.
    }

    /// <summary>
    /// After <see cref="Postsuspend"/>: calls back when nothing that the target does by itself is
    /// under way any more, perhaps at once.
    /// </summary>
    void WhenQuiet(Action callback) => callback();

    /// <summary>I/O comes again, or for the first time.</summary>
    void Resume()
    {
        // The same.
    }

    /// <summary>Its table was released: from now on it does nothing by itself.</summary>
    void Release()
    {
        // Most targets own nothing that would have to be given back.
    }

    /// <summary>
    /// Acts on a message. <see cref="MessageException"/> when it is not understood or fails.
    /// </summary>
    void Message(IReadOnlyList<string> words) =>
        throw new MessageException($"the {TypeName} target takes no messages");
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

    /// <summary>I/O for which there is no path is held, rather than failed.</summary>
    bool HoldsIo => false;

    /// <summary>Chooses a queue and makes the clone there (clone_and_map_rq).</summary>
    MapResult CloneAndMap(Request origin, TargetIo io, ICloneOwner owner, out Request? clone);

    /// <summary>A clone that could not be dispatched: undoes what mapping counted.</summary>
    void ReleaseClone(TargetIo io);

    /// <summary>
    /// Makes a clone of a read that is under way, on a path that would be chosen now and is another
    /// one (a hedge). Null when there is none with a tag.
    /// </summary>
    /// <param name="first">Where the read was sent.</param>
    /// <param name="read">The same bytes, into memory of the owner's.</param>
    /// <param name="io">Of the clone; ends as any other.</param>
    /// <param name="owner">Is told of its end.</param>
    Request? TryHedge(TargetIo first, Bio read, TargetIo io, ICloneOwner owner) => null;

    /// <summary>A path has failed with what the map itself sent there.</summary>
    void FailPath(RequestQueue path)
    {
        // Most targets have no paths.
    }

    /// <summary>A clone has ended (rq_end_io); the status may be changed.</summary>
    EndIoResult EndIo(TargetIo io, BlockOperation operation, ref BlockStatus status);
}

/// <summary>A target that maps bios one by one.</summary>
public interface IBioTarget : ITarget
{
    /// <summary>Sets the device and the offset of the clone.</summary>
    MapResult Map(TargetBio bio);

    /// <summary>
    /// A clone has ended. Incomplete: the target will map it again through
    /// <see cref="ITargetHost.Remap"/>.
    /// </summary>
    EndIoResult EndIo(TargetBio bio, ref BlockStatus status);

    /// <summary>Maps again what it holds.</summary>
    void MapHeld()
    {
        // Most targets hold nothing.
    }
}
