// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>
/// A socket on an <see cref="EpollLoop"/>: level-triggered, EPOLLIN while the handler wants bytes,
/// EPOLLOUT only after a send that would have blocked (always armed, it costs 8 %).
/// </summary>
internal sealed unsafe class EpollStream : StreamSocket
{
    private readonly EpollLoop _loop;
    private readonly Source _source;
    private readonly int _fd;
    private uint _armed = Libc.EPOLLIN;

    public EpollStream(EpollLoop loop, int fd, IStreamHandler handler)
        : base(loop, handler)
    {
        _loop = loop;
        _fd = fd;
        _source = new Source(this);
        loop.Events.Add(_source, fd, _armed);
    }

    public override void ResumeReceive() => Arm(_armed | Libc.EPOLLIN);

    private protected override void CloseHandle()
    {
        _loop.Events.Remove(_source, _fd);
        if (IsAborted) SocketHandle.DropOnClose(_fd);
        _ = Libc.close(_fd);
    }

    private protected override void Flush()
    {
        if ((_armed & Libc.EPOLLOUT) != 0) return;
        SendOnce();
        if (!IsOpen || Queue.IsEmpty) return;
        // What is left did not fit into the socket, or into one call.
        Arm(_armed | Libc.EPOLLOUT);
    }

    private void OnEvents(uint events)
    {
        if ((events & Libc.EPOLLOUT) != 0) OnWritable();
        if (!IsOpen) return;
        if ((events & (Libc.EPOLLIN | Libc.EPOLLHUP | Libc.EPOLLERR)) != 0) Receive(events);
    }

    private void OnWritable()
    {
        if (!Queue.IsEmpty) SendOnce();
        if (IsOpen && Queue.IsEmpty) Arm(_armed & ~Libc.EPOLLOUT);
    }

    private void SendOnce()
    {
        int count = Math.Min(Queue.Count, SendQueue.MaxVectorsPerCall);
        msghdr message = default;
        message.msg_iov = Queue.First;
        message.msg_iovlen = (nuint)count;
        nint sent = Libc.sendmsg(_fd, &message, Libc.MSG_NOSIGNAL | Libc.MSG_DONTWAIT);
        Loop.Statistics.SystemCalls++;
        OnSendResult(sent >= 0 ? sent : -Marshal.GetLastPInvokeError());
    }

    private void Receive(uint events)
    {
        iovec* vectors = stackalloc iovec[MaxReceiveVectors];
        if (!ReceiveNow(_fd, vectors, receives: 0)) PauseReceive(events);
    }

    private void PauseReceive(uint events)
    {
        // EPOLLHUP cannot be masked: a paused stream whose peer is gone would be reported for ever.
        if ((events & (Libc.EPOLLHUP | Libc.EPOLLERR)) != 0)
            OnReceiveResult(0);
        else
            Arm(_armed & ~Libc.EPOLLIN);
    }

    private void Arm(uint events)
    {
        if (events == _armed || !IsOpen) return;
        _armed = events;
        _loop.Events.Modify(_source, _fd, events);
        Loop.Statistics.SystemCalls++;
    }

    private sealed class Source(EpollStream stream) : EpollSource
    {
        public override void OnEvents(uint events) => stream.OnEvents(events);
    }
}
