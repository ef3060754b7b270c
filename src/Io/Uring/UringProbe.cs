// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>What the kernel's io_uring can, asked of a ring: never taken from a version.</summary>
internal static unsafe class UringProbe
{
    private const int MaxOperations = 256;

    /// <summary>Whether the kernel behind the ring has all those operations.</summary>
    public static bool Supports(int ring, params ReadOnlySpan<byte> operations)
    {
        nuint bytes = (nuint)(sizeof(io_uring_probe)
            + (MaxOperations * sizeof(io_uring_probe_op)));
        var probe = (io_uring_probe*)NativeMemory.AllocZeroed(bytes);
        int result = Libc.io_uring_register(
            ring, Libc.IORING_REGISTER_PROBE, probe, MaxOperations);
        bool supported = result == 0;
        foreach (byte operation in operations) supported &= Has(probe, operation);
        NativeMemory.Free(probe);
        return supported;
    }

    private static bool Has(io_uring_probe* probe, byte operation)
    {
        var known = (io_uring_probe_op*)(probe + 1);
        return operation <= probe->last_op
            && (known[operation].flags & Libc.IO_URING_OP_SUPPORTED) != 0;
    }
}
