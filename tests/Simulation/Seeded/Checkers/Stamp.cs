// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Braid.Tests.Simulation;

/// <summary>
/// What a write leaves in a block: its number, the block's, and bytes that follow from both. No
/// byte of a block can be another's, or another block's, without being seen.
/// </summary>
internal static class Stamp
{
    public const int BlockBytes = 512;

    /// <summary>What reads as zeroes.</summary>
    public const ulong Zero = 0;

    /// <summary>What no write has left.</summary>
    public const ulong Torn = ulong.MaxValue;

    private const ulong Step = 0x9E3779B97F4A7C15;

    public static void Fill(Span<byte> bytes, ulong write, long firstBlock)
    {
        for (int at = 0; at < bytes.Length; at += BlockBytes, firstBlock++)
        {
            Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes.Slice(at, BlockBytes));
            words[0] = write;
            words[1] = (ulong)firstBlock;
            for (int i = 2; i < words.Length; i++) words[i] = Word(write, firstBlock, i);
        }
    }

    /// <summary>The write that left a block; <see cref="Torn"/> when none has.</summary>
    public static ulong Read(ReadOnlySpan<byte> block, long number)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(block);
        ulong write = words[0];
        if (write == Zero) return words.IndexOfAnyExcept(0UL) < 0 ? Zero : Torn;
        if (words[1] != (ulong)number) return Torn;
        for (int i = 2; i < words.Length; i++)
            if (words[i] != Word(write, number, i)) return Torn;
        return write;
    }

    private static ulong Word(ulong write, long block, int index) =>
        ((write * Step) ^ ((ulong)block << 32)) + ((ulong)index * 0x0101010101010101);
}
