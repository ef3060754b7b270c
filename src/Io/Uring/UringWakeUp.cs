// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>The read of a loop's eventfd, always under way: it ends the loop's sleep.</summary>
internal sealed unsafe class UringWakeUp(UringLoop loop, int fd)
    : UringOperation(loop), IDisposable
{
    private readonly ulong* _count = (ulong*)NativeMemory.Alloc(sizeof(ulong));

    public override bool IsWanted() => true;

    public override bool Fill(io_uring_sqe* entry)
    {
        entry->opcode = Libc.IORING_OP_READ;
        entry->fd = fd;
        entry->addr = (ulong)_count;
        entry->len = sizeof(ulong);
        return false;
    }

    /// <summary>Not while it is in flight.</summary>
    public void Dispose() => NativeMemory.Free(_count);

    protected override void OnEnded() => Loop.Want(this);
}
