// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Braid.Tests.Interop.Chaos;

/// <summary>
/// What a block holds: its number and that of the write, again and again, so that every byte can be
/// told from another write's. A read may meet two writes of one block in their middle: each pair of
/// numbers is whole, and is judged for itself.
/// </summary>
internal static class Stamp
{
    public const int BlockBytes = 4096;

    public static void Fill(Span<byte> block, long number, long write)
    {
        Span<long> words = MemoryMarshal.Cast<byte, long>(block);
        for (int i = 0; i < words.Length; i += 2) (words[i], words[i + 1]) = (number, write);
    }

    /// <summary>
    /// The writes whose bytes the block holds, each once; -1 for what was never written there.
    /// </summary>
    public static void Read(ReadOnlySpan<byte> block, long number, List<long> writes)
    {
        ReadOnlySpan<long> words = MemoryMarshal.Cast<byte, long>(block);
        writes.Clear();
        for (int i = 0; i < words.Length; i += 2)
        {
            long write = words[i] == number ? words[i + 1] : -1;
            if (!writes.Contains(write)) writes.Add(write);
        }
    }
}
