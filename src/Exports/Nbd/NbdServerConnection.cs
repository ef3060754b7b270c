// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Block;
using Braid.Io;
using Braid.Io.Abi;

namespace Braid.Exports.Nbd;

/// <summary>
/// One client in the transmission phase: its commands become bios, its bios' ends become replies.
/// On the loop of the device. What it may hold is bounded: when the bound is reached it reads no
/// more from its client, which is all the back-pressure a client needs.
/// </summary>
internal sealed unsafe partial class NbdServerConnection
    : IStreamHandler, IBioOwner, IBufferWaiter, IDisposable
{
    /// <summary>Commands of one client at the same time.</summary>
    private const int MaxCommands = 1024;

    /// <summary>
    /// Bytes that the commands of one client hold, a command more at the most: a quarter of the
    /// default pool, so that one client that does not read its replies leaves the others theirs.
    /// </summary>
    private const long MaxBytesHeld = 64L << 20;

    /// <summary>Staging for command headers and the small payloads behind them.</summary>
    private const int StagingBytes = 256 * 1024;

    /// <summary>The longest reply header: a chunk with an offset, or with an error.</summary>
    private const int HeaderStride = 32;

    private readonly NbdServer _server;
    private readonly NbdClientSession _session;
    private readonly BufferPool _pool;
    private readonly BlockDevice _device;
    private readonly StreamSocket _stream;
    private readonly ReceiveBuffer _receive = new(StagingBytes, 1);
    private readonly NbdServerCommand?[] _commands = new NbdServerCommand?[MaxCommands];
    private readonly Stack<NbdServerCommand> _free = new();
    private readonly NbdReplyQueue _replies = new();
    private readonly byte* _headers;
    private int _made;

    /// <summary>Commands that were read and whose reply has not been sent.</summary>
    private int _active;

    /// <summary>Bytes of I/O memory that the commands hold.</summary>
    private long _held;

    /// <summary>A bound was reached: somebody must call <see cref="Resume"/>.</summary>
    private bool _paused;

    private bool _closed;
    private bool _draining;

    public NbdServerConnection(
        NbdServer server, NbdClientSession session, Connection connection, BufferPool pool)
    {
        _server = server;
        _session = session;
        _pool = pool;
        _device = session.Export.Device;
        _headers = (byte*)NativeMemory.Alloc(MaxCommands * HeaderStride);
        Peer = connection.Peer;
        _stream = server.Loop.Adopt(connection, this);
    }

    /// <summary>The client, for people.</summary>
    public string Peer { get; }

    private bool CanTakeMore =>
        !_draining && _waiting is null && _active < MaxCommands && _held < MaxBytesHeld;

    /// <summary>Reads no more commands, and closes when the last reply has been sent.</summary>
    public void Drain()
    {
        _draining = true;
        EndIfDrained();
    }

    public void Close(string reason) => _stream.Close(reason);

    public int PrepareReceive(iovec* vectors)
    {
        _paused = _receiving is null ? !CanTakeMore : _waiting is not null;
        return _paused ? 0 : _receive.Prepare(vectors);
    }

    public void OnReceived(int bytes)
    {
        _receive.Received(bytes);
        Parse();
    }

    public void OnClosed(StreamEnd reason)
    {
        _closed = true;
        // Replies that were never sent, and a payload that never came whole: nobody waits for them.
        while (_replies.TakeSent(long.MaxValue) is { } command) Release(command);
        AbandonReceiving();
        _server.OnClientClosed(this, reason.Text);
        EndIfClosed();
    }

    public void Dispose()
    {
        _receive.Dispose();
        NativeMemory.Free(_headers);
    }

    private NbdServerCommand TakeSlot()
    {
        _active++;
        _server.Loop.IoStarted();
        if (_free.TryPop(out NbdServerCommand? command)) return command;
        Invariant.That(_made < MaxCommands);
        command = new NbdServerCommand(this, _made, _headers + (_made * HeaderStride));
        _commands[_made++] = command;
        return command;
    }

    /// <summary>The command is over and its memory is nobody's any more.</summary>
    private void Release(NbdServerCommand command)
    {
        FreeMemory(command);
        _free.Push(command);
        _active--;
        _server.Loop.IoEnded();
    }

    private void FreeMemory(NbdServerCommand command)
    {
        _held -= command.Held;
        command.FreeMemory(_pool);
    }

    /// <summary>Goes on reading, after a bound was reached.</summary>
    private void Resume()
    {
        if (_closed || _waiting is not null || (_receiving is null && !CanTakeMore)) return;
        _paused = false;
        Parse();
        if (!_paused && _waiting is null && _stream.IsOpen) _stream.ResumeReceive();
    }

    private void EndIfDrained()
    {
        if (_draining && _active == 0 && _stream.IsOpen) _stream.Close("drained");
    }

    private void EndIfClosed()
    {
        if (!_closed || _active > 0) return;
        Dispose();
        _server.OnClientGone(this);
    }
}
