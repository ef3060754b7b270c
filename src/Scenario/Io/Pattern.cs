// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;

namespace Braid.Scenario;

/// <summary>
/// Data made of a seed and the sector, so that a block at the wrong place is seen.
/// </summary>
internal static class Pattern
{
    private const int SectorSize = 512;

    public static byte[] Make(int length, long sector, long seed)
    {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i += sizeof(ulong))
        {
            ulong word = (ulong)seed << 48;
            word ^= (ulong)(sector + (i / SectorSize)) << 12;
            word ^= (ulong)(i % SectorSize);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(i), word);
        }
        return bytes;
    }

    /// <summary>What was read, in the words of a transcript.</summary>
    public static string Compare(byte[] read, byte[] pattern)
    {
        if (read.AsSpan().SequenceEqual(pattern)) return "ok match";
        return read.AsSpan().ContainsAnyExcept((byte)0) ? "ok mismatch" : "ok zero";
    }
}
