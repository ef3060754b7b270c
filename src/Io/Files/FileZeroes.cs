// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Braid.Io;

/// <summary>
/// Zeroes to write where a file system cannot zero a range. Made when first needed, for the whole
/// process and for good. Threads: only read.
/// </summary>
internal static unsafe class FileZeroes
{
    /// <summary>Bytes.</summary>
    public const int Length = 1 << 20;

    /// <summary>What direct I/O asks of memory.</summary>
    private const int Alignment = 4096;

    public static readonly byte* Data = Make();

    private static byte* Make()
    {
        byte* zeroes = (byte*)NativeMemory.AlignedAlloc(Length, Alignment);
        NativeMemory.Clear(zeroes, Length);
        return zeroes;
    }
}
