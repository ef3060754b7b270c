// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Wire.Nbd;

namespace Braid.Exports.Nbd;

/// <summary>Block statuses as NBD error values: what a client is told.</summary>
internal static class NbdStatuses
{
    public static NbdError ToError(BlockStatus status) => status switch
    {
        BlockStatus.Ok => NbdError.None,
        BlockStatus.NotSupported => NbdError.NotSupported,
        BlockStatus.NoSpace => NbdError.NoSpace,
        BlockStatus.Invalid => NbdError.Invalid,
        BlockStatus.ReadOnly => NbdError.NotPermitted,
        BlockStatus.Resource => NbdError.NoMemory,
        _ => NbdError.Io,
    };
}
