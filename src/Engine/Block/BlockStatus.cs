// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Block;

/// <summary>How an I/O ended (the kernel's blk_status_t, by its names and errnos).</summary>
public enum BlockStatus : byte
{
    Ok,

    /// <summary>EOPNOTSUPP.</summary>
    NotSupported,

    /// <summary>ENOSPC.</summary>
    NoSpace,

    /// <summary>EREMOTEIO: the storage itself refused.</summary>
    Target,

    /// <summary>EBADE.</summary>
    ReservationConflict,

    /// <summary>ENODATA: the medium is bad.</summary>
    Medium,

    /// <summary>EILSEQ.</summary>
    Protection,

    /// <summary>
    /// EINVAL. A path error in the kernel; not here: a healthy path that refuses a bad request
    /// would be failed, and then the next one.
    /// </summary>
    Invalid,

    /// <summary>EPERM: the storage is read-only.</summary>
    ReadOnly,

    /// <summary>ETIMEDOUT.</summary>
    Timeout,

    /// <summary>ENOLINK: the connection is gone.</summary>
    Transport,

    /// <summary>EIO.</summary>
    IoError,

    /// <summary>ENOMEM: something that many share is used up; try again in a while.</summary>
    Resource,

    /// <summary>EBUSY: the device is full; try again when one of its I/Os has ended.</summary>
    DeviceResource,

    /// <summary>EAGAIN.</summary>
    Again,

    /// <summary>ENODEV.</summary>
    Offline,
}

/// <summary>What follows from a status.</summary>
public static class BlockStatuses
{
    /// <summary>
    /// Whether another path could do better (blk_path_error of include/linux/blk_types.h). Together
    /// with the two verdicts of the mapper this is the whole of the failover logic.
    /// </summary>
    public static bool IsPathError(this BlockStatus status)
    {
        switch (status)
        {
            case BlockStatus.Ok:
            case BlockStatus.NotSupported:
            case BlockStatus.NoSpace:
            case BlockStatus.Target:
            case BlockStatus.ReservationConflict:
            case BlockStatus.Medium:
            case BlockStatus.Protection:
            case BlockStatus.Invalid:
            case BlockStatus.ReadOnly:
                return false;
            case BlockStatus.Timeout:
            case BlockStatus.Transport:
            case BlockStatus.IoError:
            case BlockStatus.Resource:
            case BlockStatus.DeviceResource:
            case BlockStatus.Again:
            case BlockStatus.Offline:
                return true;
            default:
                Invariant.Broken($"block status {status}");
                return true;
        }
    }

    /// <summary>The name of the errno that a program would see.</summary>
    public static string ErrnoName(this BlockStatus status) => status switch
    {
        BlockStatus.Ok => "0",
        BlockStatus.NotSupported => "EOPNOTSUPP",
        BlockStatus.NoSpace => "ENOSPC",
        BlockStatus.Target => "EREMOTEIO",
        BlockStatus.ReservationConflict => "EBADE",
        BlockStatus.Medium => "ENODATA",
        BlockStatus.Protection => "EILSEQ",
        BlockStatus.Invalid => "EINVAL",
        BlockStatus.ReadOnly => "EPERM",
        BlockStatus.Timeout => "ETIMEDOUT",
        BlockStatus.Transport => "ENOLINK",
        BlockStatus.IoError => "EIO",
        BlockStatus.Resource => "ENOMEM",
        BlockStatus.DeviceResource => "EBUSY",
        BlockStatus.Again => "EAGAIN",
        BlockStatus.Offline => "ENODEV",
        _ => "EIO",
    };
}
