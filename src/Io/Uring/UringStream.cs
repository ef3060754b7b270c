// SPDX-License-Identifier: Apache-2.0
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>
/// A socket on a <see cref="UringLoop"/>: a receive that is always under way while the handler
/// wants bytes, and a send in the turn in which there is something to send.
/// </summary>
internal sealed unsafe class UringStream : StreamSocket
{
    private readonly UringLoop _loop;
    private readonly int _fd;
    private readonly UringSend _send;
    private readonly UringReceive _receive;
    private readonly UringHangUp _hangUp;

    public UringStream(UringLoop loop, int fd, IStreamHandler handler)
        : base(loop, handler)
    {
        _loop = loop;
        _fd = fd;
        _hangUp = new UringHangUp(loop, this, fd);
        _send = new UringSend(loop, this, fd);
        _receive = new UringReceive(loop, this, fd, _hangUp);
        loop.Know(_hangUp);
        loop.Know(_send);
        loop.Know(_receive);
        loop.Want(_receive);
    }

    public SendQueue Unsent => Queue;

    public bool IsSendAwaited => Handler.AwaitsSent;

    public override void ResumeReceive()
    {
        if (IsOpen) _loop.Want(_receive);
    }

    public int PrepareReceive(iovec* vectors) => Handler.PrepareReceive(vectors);

    /// <summary>
    /// Tells it. What is expected after it is received at once, into <paramref name="vectors"/> for
    /// the next that are asked for: none is under way.
    /// </summary>
    public void OnReceiveEnded(int result, iovec* vectors)
    {
        OnReceiveResult(result);
        if (result <= 0 || !IsOpen || Handler.ReceivesPerTurn <= 1) return;
        _ = ReceiveNow(_fd, vectors, receives: 1);
    }

    public void OnSendEnded(int result) => OnSendResult(result);

    public void ClosedByPeer() => OnReceiveResult(0);

    private protected override void Flush() => _loop.WantFirst(_send);

    /// <summary>
    /// What the kernel has done until now counts: bytes that it has taken, and bytes that lie in
    /// the handler's memory already.
    /// </summary>
    private protected override void TakeBack()
    {
        _loop.End(_send);
        _send.Tell();
        if (!IsOpen) return;
        _loop.End(_receive);
        if (!_receive.TryTake()) return;
        OnReceiveResult(_receive.Received);
        ResumeReceive();
    }

    private protected override void TakeBackReceive() => _loop.End(_receive);

    private protected override void CloseHandle()
    {
        _loop.End(_send);
        // Whether the peer may have got something is asked of SentBytes, after the end, too.
        if (_send.TryTake()) CountSent(_send.Bytes);
        _loop.End(_receive);
        _ = _receive.TryTake();
        _loop.End(_hangUp);
        _ = _hangUp.TryTake();
        _loop.Forget(_send);
        _loop.Forget(_receive);
        _loop.Forget(_hangUp);
        if (IsAborted) SocketHandle.DropOnClose(_fd);
        _ = Libc.close(_fd);
    }

    private protected override void FreeMemory()
    {
        _send.Free();
        _receive.Free();
        base.FreeMemory();
    }
}
