// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Io;

namespace Braid.Tests.Unit.Support;

/// <summary>Arrays that do not move, for streams and bios.</summary>
internal static unsafe class PinnedData
{
    public static byte[] Make(int length) => GC.AllocateArray<byte>(length, pinned: true);

    /// <summary>Random bytes; the same for each seed.</summary>
    public static byte[] Random(int length, ulong seed = 1)
    {
        byte[] data = Make(length);
        var random = new LoopRandom(seed);
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(data.AsSpan());
        for (int i = 0; i < words.Length; i++) words[i] = random.NextUInt64();
        return data;
    }

    public static byte* At(byte[] data, int offset = 0) =>
        (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(data, 0) + offset;

    public static long Address(byte[] data) => (long)At(data);

    /// <summary>Sends a part of a pinned array.</summary>
    public static void Send(this StreamSocket stream, byte[] data, int offset, int length) =>
        stream.Send(At(data, offset), length);
}
