// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>
/// A stream over two simulated pipes. Every other one asks its handler for memory long before there
/// is data, as io_uring does: both ways of asking are played, and memory that is not the handler's
/// any more is found by whose it has become.
/// </summary>
internal sealed unsafe class SimulatedStream : StreamSocket
{
    private readonly SimulatedPipe _incoming;
    private readonly SimulatedPipe _outgoing;
    private readonly bool _asksEarly;
    private readonly iovec* _vectors = (iovec*)NativeMemory.Alloc(
        MaxReceiveVectors, (nuint)sizeof(iovec));

    /// <summary>Vectors that the next data go to; 0 when the handler is to be asked.</summary>
    private int _prepared;
    private bool _paused;

    public SimulatedStream(SimulatedLoop loop, SimulatedConnection connection, IStreamHandler h)
        : base(loop, h)
    {
        connection.IsDetached = true;
        _asksEarly = loop.CountStream() % 2 == 0;
        _incoming = connection.Incoming;
        _outgoing = connection.Outgoing;
        _incoming.Readable = Receive;
        _outgoing.Writable = () => loop.Post(SendRest);
        loop.Post(Receive);
    }

    public override void ResumeReceive()
    {
        if (!_paused) return;
        _paused = false;
        Loop.Post(Receive);
    }

    private protected override void TakeBack() => TakeBackReceive();

    private protected override void TakeBackReceive()
    {
        if (_prepared == 0) return;
        _prepared = 0;
        Loop.Post(Receive);
    }

    private protected override void CloseHandle()
    {
        _incoming.Readable = null;
        _outgoing.Writable = null;
        if (IsAborted) _outgoing.Abort();
        else _outgoing.End(0);
    }

    private protected override void Flush()
    {
        long sent = 0;
        for (int i = 0; i < Queue.Count && _outgoing.Room > 0; i++)
        {
            iovec* vector = Queue.First + i;
            int count = (int)Math.Min((long)vector->iov_len, _outgoing.Room);
            _outgoing.Write(new ReadOnlySpan<byte>(vector->iov_base, count));
            sent += count;
        }
        Loop.Statistics.SystemCalls++;
        if (sent > 0) Sent(sent);
    }

    private void SendRest()
    {
        if (IsOpen && !Queue.IsEmpty) Flush();
    }

    private protected override void FreeMemory()
    {
        NativeMemory.Free(_vectors);
        base.FreeMemory();
    }

    private void Receive()
    {
        while (IsOpen && !_paused && _incoming.Available > 0) ReceiveOnce();
        if (IsOpen && !_paused && _asksEarly && !_incoming.IsEnded) Loop.Post(Prepare);
        if (!IsOpen || !_incoming.IsEnded || (_incoming.Available > 0 && !_paused)) return;
        string text = _incoming.EndErrno == 0 ? "closed by the peer" : "receive: reset";
        Close(new StreamEnd(_incoming.EndErrno, text));
    }

    private void ReceiveOnce()
    {
        Prepare();
        if (!IsOpen) return;
        int count = _prepared;
        _prepared = 0;
        int total = 0;
        for (int i = 0; i < count && _incoming.Available > 0; i++)
            total += _incoming.Read(
                new Span<byte>(_vectors[i].iov_base, (int)_vectors[i].iov_len));
        Loop.Statistics.SystemCalls++;
        if (total > 0) Handler.OnReceived(total);
    }

    private void Prepare()
    {
        if (!IsOpen || _paused || _prepared > 0) return;
        _prepared = Handler.PrepareReceive(_vectors);
        _paused = _prepared == 0;
    }
}
