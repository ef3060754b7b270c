// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Braid.Io.Abi;

/// <summary>struct epoll_event of sys/epoll.h on x86-64, where it is packed.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct epoll_event_packed
{
    public uint events;
    public ulong data;
}

/// <summary>struct epoll_event of sys/epoll.h on every other 64-bit machine.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct epoll_event_aligned
{
    public uint events;
    public ulong data;
}
