// SPDX-License-Identifier: Apache-2.0
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>A stream over two simulated pipes.</summary>
internal sealed unsafe class SimulatedStream : StreamSocket
{
    private readonly SimulatedPipe _incoming;
    private readonly SimulatedPipe _outgoing;
    private bool _paused;

    public SimulatedStream(SimulatedLoop loop, SimulatedConnection connection, IStreamHandler h)
        : base(loop, h)
    {
        connection.IsDetached = true;
        _incoming = connection.Incoming;
        _outgoing = connection.Outgoing;
        _incoming.Readable = Receive;
        loop.Post(Receive);
    }

    public override void ResumeReceive()
    {
        if (!_paused) return;
        _paused = false;
        Loop.Post(Receive);
    }

    private protected override void CloseHandle()
    {
        _incoming.Readable = null;
        if (IsAborted) _outgoing.Abort();
        else _outgoing.End(0);
    }

    private protected override void Flush()
    {
        long sent = 0;
        for (int i = 0; i < Queue.Count; i++)
        {
            iovec* vector = Queue.First + i;
            _outgoing.Write(new ReadOnlySpan<byte>(vector->iov_base, (int)vector->iov_len));
            sent += (long)vector->iov_len;
        }
        Loop.Statistics.SystemCalls++;
        Sent(sent);
    }

    private void Receive()
    {
        while (IsOpen && !_paused && _incoming.Available > 0) ReceiveOnce();
        if (!IsOpen || !_incoming.IsEnded || (_incoming.Available > 0 && !_paused)) return;
        string text = _incoming.EndErrno == 0 ? "closed by the peer" : "receive: reset";
        Close(new StreamEnd(_incoming.EndErrno, text));
    }

    private void ReceiveOnce()
    {
        iovec* vectors = stackalloc iovec[MaxReceiveVectors];
        int count = Handler.PrepareReceive(vectors);
        if (!IsOpen) return;
        _paused = count == 0;
        int total = 0;
        for (int i = 0; i < count && _incoming.Available > 0; i++)
            total += _incoming.Read(new Span<byte>(vectors[i].iov_base, (int)vectors[i].iov_len));
        Loop.Statistics.SystemCalls++;
        if (total > 0) Handler.OnReceived(total);
    }
}
