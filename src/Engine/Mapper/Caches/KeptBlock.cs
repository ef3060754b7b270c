// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Braid.Mapper;

/// <summary>
/// The bytes of one kept write: whole pages of their own, shared by the parts that newer writes
/// have left of it.
/// </summary>
internal sealed unsafe class KeptBlock
{
    private const long Page = 4096;

    private byte* _data;
    private int _users = 1;

    public KeptBlock(long length)
    {
        Bytes = SizeOf(length);
        _data = (byte*)NativeMemory.AlignedAlloc((nuint)Bytes, (nuint)Page);
    }

    /// <summary>What it takes of memory.</summary>
    public long Bytes { get; }

    public byte* Data => _data;

    public static long SizeOf(long length) => (length + Page - 1) & -Page;

    public void Share() => _users++;

    /// <summary>True when the memory is free now.</summary>
    public bool Release()
    {
        if (--_users > 0) return false;
        NativeMemory.AlignedFree(_data);
        _data = null;
        return true;
    }
}
