// SPDX-License-Identifier: Apache-2.0
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>
/// Tells a paused stream that its peer is gone: nothing else would. Asked for at the first pause,
/// then for as long as the stream is.
/// </summary>
internal sealed unsafe class UringHangUp(UringLoop loop, UringStream stream, int fd)
    : UringOperation(loop)
{
    public bool HasHappened { get; private set; }

    public override bool IsWanted() => stream.IsOpen && !HasHappened;

    public override bool Fill(io_uring_sqe* entry)
    {
        // No events: errors and hang-ups are always told.
        entry->opcode = Libc.IORING_OP_POLL_ADD;
        entry->fd = fd;
        return false;
    }

    protected override void OnEnded()
    {
        HasHappened = true;
        // If it is still paused, that is its end; else the receive finds it, in its order.
        stream.ResumeReceive();
    }
}
