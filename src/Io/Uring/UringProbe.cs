// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>What the kernel's io_uring can, asked of a ring: never taken from a version.</summary>
internal static unsafe class UringProbe
{
    private const int MaxOperations = 256;

    /// <summary>Whether the kernel behind the ring has that operation.</summary>
    public static bool Supports(int ring, byte operation)
    {
        nuint bytes = (nuint)(sizeof(io_uring_probe)
            + (MaxOperations * sizeof(io_uring_probe_op)));
        var probe = (io_uring_probe*)NativeMemory.AllocZeroed(bytes);
        int result = Libc.io_uring_register(
            ring, Libc.IORING_REGISTER_PROBE, probe, MaxOperations);
        var operations = (io_uring_probe_op*)(probe + 1);
        bool supported = result == 0 && operation <= probe->last_op
            && (operations[operation].flags & Libc.IO_URING_OP_SUPPORTED) != 0;
        NativeMemory.Free(probe);
        return supported;
    }
}
