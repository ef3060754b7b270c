// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Wire.Nbd;

namespace Braid.Transports.Nbd;

/// <summary>NBD error values as block statuses: what a server's word means for its path.</summary>
internal static class NbdErrors
{
    public static BlockStatus ToStatus(NbdError error) => error switch
    {
        NbdError.None => BlockStatus.Ok,
        NbdError.NotPermitted => BlockStatus.ReadOnly,
        NbdError.NoSpace => BlockStatus.NoSpace,
        NbdError.Invalid or NbdError.Overflow => BlockStatus.Invalid,
        NbdError.NotSupported => BlockStatus.NotSupported,
        NbdError.NoMemory => BlockStatus.Resource,
        NbdError.Shutdown => BlockStatus.Offline,
        NbdError.Io => BlockStatus.IoError,
        _ => BlockStatus.IoError,
    };
}
