// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Transports.File;

/// <summary>errno of a file operation as a block status.</summary>
internal static class FileErrors
{
    public static BlockStatus ToStatus(int errno) => errno switch
    {
        0 => BlockStatus.Ok,
        1 or 13 or 30 => BlockStatus.ReadOnly, // EPERM, EACCES, EROFS
        6 or 19 => BlockStatus.Offline, // ENXIO, ENODEV
        12 => BlockStatus.Resource, // ENOMEM
        22 => BlockStatus.Invalid, // EINVAL
        27 or 28 or 122 => BlockStatus.NoSpace, // EFBIG, ENOSPC, EDQUOT
        61 => BlockStatus.Medium, // ENODATA
        25 or 95 => BlockStatus.NotSupported, // ENOTTY, EOPNOTSUPP
        110 => BlockStatus.Timeout, // ETIMEDOUT
        _ => BlockStatus.IoError,
    };
}
