// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;

namespace Braid.Tests.Simulation;

/// <summary>What a server says of a range: which parts of it read as zeroes, as far as it cares.
/// </summary>
internal static class SimExtents
{
    /// <summary>Never wrong, not always all that is zero, and not always up to the end.</summary>
    public static List<BlockExtent> Of(ReadOnlySpan<byte> bytes, LoopRandom random)
    {
        var extents = new List<BlockExtent>();
        int most = random.Pick(1, 3, 100);
        for (int at = 0; at < bytes.Length && extents.Count <= most; at += Stamp.BlockBytes)
        {
            bool isZero = bytes.Slice(at, Stamp.BlockBytes).IndexOfAnyExcept((byte)0) < 0;
            ulong state = isZero && !random.Chance(50) ? random.Pick(Zero, Zero | Hole) : 0;
            if (extents.Count > 0 && extents[^1].State == state)
                extents[^1] = new BlockExtent(extents[^1].Length + Stamp.BlockBytes, state);
            else
                extents.Add(new BlockExtent(Stamp.BlockBytes, state));
        }
        return extents;
    }

    private const ulong Zero = BlockExtent.Zero;
    private const ulong Hole = BlockExtent.Hole;
}
