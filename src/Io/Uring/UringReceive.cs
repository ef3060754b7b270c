// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>
/// The receive of a stream, asked for again as soon as one has ended, unless the handler pauses.
/// From then until it ends, what the handler has given is the kernel's.
/// </summary>
internal sealed unsafe class UringReceive(
    UringLoop loop, UringStream stream, int fd, UringHangUp hangUp)
    : UringOperation(loop)
{
    private readonly msghdr* _message = (msghdr*)NativeMemory.AllocZeroed((nuint)sizeof(msghdr));
    private readonly iovec* _vectors = (iovec*)NativeMemory.Alloc(
        StreamSocket.MaxReceiveVectors, (nuint)sizeof(iovec));

    private int _count;

    /// <summary>The last one left nothing: the next need not try before it waits.</summary>
    private bool _isDrained;

    /// <summary>Bytes, or minus errno.</summary>
    public int Received => Result;

    public override bool IsWanted()
    {
        if (!stream.IsOpen) return false;
        _count = stream.PrepareReceive(_vectors);
        // The handler may have closed it.
        if (!stream.IsOpen) return false;
        if (_count > 0) return true;
        if (hangUp.HasHappened) stream.ClosedByPeer();
        else Loop.Want(hangUp);
        return false;
    }

    public override bool Fill(io_uring_sqe* entry)
    {
        entry->fd = fd;
        if (Loop.CanPollFirst && _isDrained) entry->ioprio = Libc.IORING_RECVSEND_POLL_FIRST;
        if (_count == 1)
        {
            entry->opcode = Libc.IORING_OP_RECV;
            entry->addr = (ulong)_vectors->iov_base;
            entry->len = (uint)_vectors->iov_len;
            return false;
        }
        _message->msg_iov = _vectors;
        _message->msg_iovlen = (nuint)_count;
        entry->opcode = Libc.IORING_OP_RECVMSG;
        entry->addr = (ulong)_message;
        entry->len = 1;
        return false;
    }

    /// <summary>Not while it is in flight.</summary>
    public void Free()
    {
        NativeMemory.Free(_message);
        NativeMemory.Free(_vectors);
    }

    protected override void OnEnded()
    {
        if (!stream.IsOpen) return;
        _isDrained = (Flags & Libc.IORING_CQE_F_SOCK_NONEMPTY) == 0;
        stream.OnReceiveEnded(Result, _vectors);
        if (stream.IsOpen) Loop.Want(this);
    }
}
