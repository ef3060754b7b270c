// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Braid.Io.Abi;

/// <summary>struct io_uring_sqe of linux/io_uring.h: what is asked; its used fields.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal struct io_uring_sqe
{
    [FieldOffset(0)]
    public byte opcode;

    [FieldOffset(1)]
    public byte flags;

    [FieldOffset(2)]
    public ushort ioprio;

    [FieldOffset(4)]
    public int fd;

    [FieldOffset(8)]
    public ulong off;

    [FieldOffset(16)]
    public ulong addr;

    [FieldOffset(24)]
    public uint len;

    [FieldOffset(28)]
    public int rw_flags;

    [FieldOffset(28)]
    public uint fsync_flags;

    [FieldOffset(28)]
    public uint msg_flags;

    [FieldOffset(28)]
    public uint poll32_events;

    [FieldOffset(32)]
    public ulong user_data;
}

/// <summary>struct io_uring_cqe of linux/io_uring.h: what came of it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct io_uring_cqe
{
    public ulong user_data;
    public int res;
    public uint flags;
}
