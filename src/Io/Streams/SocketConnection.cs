// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>A socket in its handshake: a raw descriptor, waited for on the control loop.</summary>
internal sealed class SocketConnection(EpollLoop control, int fd, string peer) : Connection
{
    private readonly FdWaiter _waiter = new(control, fd);
    private readonly SocketDescriptor _descriptor = new(fd);

    public override string Peer => peer;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancel)
    {
        _ = _descriptor.Acquire();
        try
        {
            while (true)
            {
                int count = Receive(buffer.Span);
                if (count >= 0) return count;
                await _waiter.WaitAsync(Libc.EPOLLIN, cancel).ConfigureAwait(false);
            }
        }
        finally
        {
            _descriptor.Release();
        }
    }

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> data, CancellationToken cancel)
    {
        _ = _descriptor.Acquire();
        try
        {
            while (data.Length > 0)
            {
                int count = Send(data.Span);
                if (count < 0) await _waiter.WaitAsync(Libc.EPOLLOUT, cancel).ConfigureAwait(false);
                else data = data[count..];
            }
        }
        finally
        {
            _descriptor.Release();
        }
    }

    /// <summary>Waits for a connect in progress and returns its errno.</summary>
    internal async ValueTask<int> ConnectedAsync(CancellationToken cancel)
    {
        await _waiter.WaitAsync(Libc.EPOLLOUT, cancel).ConfigureAwait(false);
        return SocketHandle.TakeError(fd);
    }

    /// <summary>Hands the descriptor over; this connection is over.</summary>
    internal int Detach() => _descriptor.Detach();

    protected override void Dispose(bool disposing) => _descriptor.Close();

    private unsafe int Receive(Span<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            nint count = Libc.recv(fd, bytes, (nuint)buffer.Length, Libc.MSG_DONTWAIT);
            return count >= 0 ? (int)count : WouldBlockOrThrow("receive");
        }
    }

    private unsafe int Send(ReadOnlySpan<byte> data)
    {
        fixed (byte* bytes = data)
        {
            iovec vector = new(bytes, data.Length);
            msghdr message = default;
            message.msg_iov = &vector;
            message.msg_iovlen = 1;
            nint count = Libc.sendmsg(fd, &message, Libc.MSG_NOSIGNAL | Libc.MSG_DONTWAIT);
            return count >= 0 ? (int)count : WouldBlockOrThrow("send");
        }
    }

    private int WouldBlockOrThrow(string call)
    {
        int errno = Marshal.GetLastPInvokeError();
        if (errno is Libc.EAGAIN or Libc.EINTR) return -1;
        // It has gone before it had read what it was sent: that is an end, too.
        if (errno is Libc.EPIPE or Libc.ECONNRESET)
            throw new EndOfStreamException("the peer closed the connection");
        throw new ErrnoException(call, peer, errno);
    }
}
