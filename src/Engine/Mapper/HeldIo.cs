// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Mapper;

/// <summary>An I/O that a map holds.</summary>
/// <param name="Id">Its name while it is held: tag and generation.</param>
/// <param name="Operation">What it does.</param>
/// <param name="Offset">Bytes from the start of the map.</param>
/// <param name="Length">Bytes.</param>
/// <param name="AgeNs">Since it came, or since it was merged from what came.</param>
/// <param name="Reason">What it waits for.</param>
public sealed record HeldIo(
    string Id, BlockOperation Operation, long Offset, long Length, long AgeNs, HoldReason Reason)
{
    internal static string IdOf(long tag, uint generation) =>
        FormattableString.Invariant($"{tag}.{generation}");
}
