// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Braid.Io.Abi;

/// <summary>struct iovec of sys/uio.h: one contiguous range of memory.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct iovec
{
    /// <summary>First byte; not owned.</summary>
    public byte* iov_base;

    /// <summary>Bytes.</summary>
    public nuint iov_len;

    public iovec(byte* start, int length)
    {
        iov_base = start;
        iov_len = (nuint)length;
    }
}
