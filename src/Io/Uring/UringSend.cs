// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>
/// The send of a stream. It is tried without blocking: over when the call that submitted it is.
/// What did not fit is left with the kernel, which goes on when there is room, and tells of each
/// part.
/// </summary>
/// <remarks>
/// The kernel copies header and vectors when they are submitted (IORING_FEAT_SUBMIT_STABLE): the
/// queue may grow meanwhile.
/// With MSG_WAITALL a part is a failure, which is told where success is not. Kernels before 6.1 may
/// lose the count of the part then, and the bytes would be sent twice: there, each send is told.
/// What is left with the kernel does without MSG_WAITALL: what was sent before a cancel has to be
/// known.
/// </remarks>
internal sealed unsafe class UringSend(UringLoop loop, UringStream stream, int fd)
    : UringOperation(loop)
{
    private readonly msghdr* _message = (msghdr*)NativeMemory.AllocZeroed((nuint)sizeof(msghdr));
    private long _asked;
    private bool _isLeft;

    /// <summary>Bytes that the kernel has taken; 0 with an error.</summary>
    public int Bytes => Math.Max(0, Result);

    public override bool IsAwaited => stream.IsSendAwaited;

    public override int FullResult => (int)_asked;

    public override bool IsWanted() => stream.IsOpen && !stream.Unsent.IsEmpty;

    public override bool Fill(io_uring_sqe* entry)
    {
        SendQueue queue = stream.Unsent;
        int count = Math.Min(queue.Count, SendQueue.MaxVectorsPerCall);
        _asked = queue.BytesOf(count);
        _message->msg_iov = queue.First;
        _message->msg_iovlen = (nuint)count;
        entry->opcode = Libc.IORING_OP_SENDMSG;
        entry->fd = fd;
        entry->addr = (ulong)_message;
        entry->len = 1;
        entry->msg_flags = Libc.MSG_NOSIGNAL;
        if (_isLeft) return false;
        entry->msg_flags |= Libc.MSG_DONTWAIT;
        // Where more is to follow, its end must be told, and so it must where it does not fit.
        if (!Loop.CanSkip || count < queue.Count || _asked > int.MaxValue) return false;
        entry->msg_flags |= Libc.MSG_WAITALL;
        return true;
    }

    /// <summary>Not while it is in flight.</summary>
    public void Free() => NativeMemory.Free(_message);

    protected override void OnEnded()
    {
        if (!stream.IsOpen) return;
        _isLeft = Result < _asked;
        stream.OnSendEnded(Result);
        if (stream.IsOpen && !stream.Unsent.IsEmpty) Loop.WantFirst(this);
    }
}
