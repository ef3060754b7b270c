// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Io.Abi;
using Braid.Wire.Nbd;

namespace Braid.Exports.Nbd;

/// <summary>
/// One client in the transmission phase: its commands become bios, its bios' ends become replies.
/// On the loop of the device. What it may hold is bounded: when the bound is reached it reads no
/// more from its client, which is all the back-pressure a client needs.
/// </summary>
internal sealed unsafe partial class NbdServerConnection
    : IStreamHandler, IBioOwner, IBufferWaiter, IDisposable
{
    /// <summary>Staging for command headers and the small payloads behind them.</summary>
    private const int StagingBytes = 256 * 1024;

    private const int ReceivesAlone = 8;
    private const int ReceivesBesideOthers = 2;

    private readonly NbdServer _server;
    private readonly NbdClientSession _session;
    private readonly NbdClients _others;
    private readonly ClientMemory _memory;
    private readonly ClientLoad _load;
    private readonly BlockDevice _device;
    private readonly StreamSocket _stream;
    private readonly ReceiveBuffer _receive = new(StagingBytes, 1, NbdProtocol.RequestSize);
    private readonly NbdCommandSlots _slots;
    private readonly NbdReplyQueue _replies = new();

    /// <summary>Bytes that its client has sent.</summary>
    private long _receivedBytes;

    /// <summary>A bound was reached: somebody must call <see cref="Resume"/>.</summary>
    private bool _paused;

    private bool _closed;

    /// <summary>
    /// Closed, and its last command has ended: told once, though memory that comes back while it
    /// closes may end a command that waited for some.
    /// </summary>
    private bool _gone;
    private bool _draining;

    public NbdServerConnection(
        NbdServer server, NbdClientSession session, Connection connection, NbdClients others)
    {
        _server = server;
        _session = session;
        _others = others;
        _memory = new ClientMemory(others.Pool);
        _device = session.Export.Device;
        Peer = connection.Peer;
        _device.Open();
        _slots = new NbdCommandSlots(this, _device.Openings);
        _load = others.Add(this, _device);
        _stream = server.Loop.Adopt(connection, this);
    }

    /// <summary>The client, for people.</summary>
    public string Peer { get; }

    /// <summary>What it was told of the device.</summary>
    public NbdExport Export => _session.Export;

    /// <summary>False when it has gone, but for commands under way.</summary>
    public bool IsOpen => !_closed;

    /// <summary>Bytes of I/O memory that its commands hold.</summary>
    public long HeldBytes => _memory.Held;

    public NbdProgress Progress => new(_stream.SentBytes, _receivedBytes);

    /// <summary>
    /// Sent replies give memory back: to this client, which is not read from meanwhile, or to who
    /// waits in line for some. And the last one lets a connection close.
    /// </summary>
    public bool AwaitsSent => _paused || _draining || _others.Pool.HasWaiters;

    /// <summary>
    /// A client sends on while its write is copied out of its socket. Beside others two receives
    /// bring most of that, and more would be in front of their next commands; beside one that waits
    /// for each of its commands turns stay short.
    /// </summary>
    public int ReceivesPerTurn =>
        !_receive.IsInLargePayload || _load.IsHeldBack ? 1
        : _server.Loop.IosInFlight > _slots.Active ? ReceivesBesideOthers
        : ReceivesAlone;

    private bool CanTakeMore =>
        !_draining && _waiting is null && !_slots.IsFull && IsFairShareOfTags
        && _load.MayTake(_slots.Active)
        && _memory.MayTake(NextLength());

    /// <summary>
    /// As <see cref="ClientMemory.MayTake"/> has it for memory: who has commands under way may take
    /// more only while more tags are free than those. A flood leaves as many as it has, two leave a
    /// third, and whoever comes with few finds a tag at once.
    /// </summary>
    private bool IsFairShareOfTags =>
        _slots.Active == 0 || _device.Queue is not { Tags: { } tags }
        || _slots.Active < tags.Depth - tags.InUse;

    /// <summary>Reads no more commands, and closes when the last reply has been sent.</summary>
    public void Drain()
    {
        _draining = true;
        EndIfDrained();
    }

    public void Close(string reason) => _stream.Close(reason);

    /// <summary>
    /// How far it has to come for what it holds to come back: it reads all replies that are on
    /// their way and sends the rest of its payload, up to so many bytes of each.
    /// </summary>
    public NbdProgress Owed(long atMost)
    {
        NbdProgress now = Progress;
        long unread = _stream.QueuedBytes - now.Read;
        long unsent = _receiving is not null && _waiting is null ? _receive.PayloadLeft : 0;
        return new(now.Read + Math.Min(unread, atMost), now.Sent + Math.Min(unsent, atMost));
    }

    public int PrepareReceive(iovec* vectors)
    {
        // Commands may be staged: whoever has paused goes on by Resume, which looks at them, and
        // not because others have given something back meanwhile.
        if (!_paused) _paused = _receiving is null ? !CanTakeMore : _waiting is not null;
        return _paused ? 0 : _receive.Prepare(vectors);
    }

    public void OnReceived(int bytes)
    {
        _receivedBytes += bytes;
        _receive.Received(bytes);
        Parse();
    }

    public void OnClosed(StreamEnd reason)
    {
        _closed = true;
        // Replies that were never sent, and a payload that never came whole: nobody waits for them.
        while (_replies.TakeSent(long.MaxValue) is { } command) Release(command);
        AbandonReceiving();
        if (_isQueuedForMemory) _others.Pool.Leave(this);
        _server.OnClientClosed(this, reason.Text);
        EndIfClosed();
    }

    public void Dispose()
    {
        _receive.Dispose();
        _slots.Dispose();
        _memory.Dispose();
    }

    /// <summary>Bytes of I/O memory that the command at the head of the staging wants.</summary>
    private long NextLength()
    {
        if (_skip > 0 || _receive.Available < NbdProtocol.RequestSize) return 0;
        var staged = new ReadOnlySpan<byte>(_receive.Staged, NbdProtocol.RequestSize);
        return NbdRequest.TryRead(staged, out NbdRequest next)
            && next.Command is NbdCommand.Read or NbdCommand.Write
                ? Math.Min(next.Length, NbdProtocol.MaxPayload)
                : 0;
    }

    private NbdServerCommand TakeSlot()
    {
        _server.Loop.IoStarted();
        NbdServerCommand command = _slots.Take();
        _load.Started(_slots.Active);
        return command;
    }

    /// <summary>The command is over and its memory is nobody's any more.</summary>
    private void Release(NbdServerCommand command)
    {
        command.FreeMemory(_memory);
        _slots.Return(command);
        _load.Ended(_slots.Active);
        _server.Loop.IoEnded();
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
        if (_draining && _slots.Active == 0 && _stream.IsOpen) _stream.Close("drained");
    }

    private void EndIfClosed()
    {
        if (!_closed || _gone || _slots.Active > 0) return;
        _gone = true;
        _others.Remove(this, _device, _load);
        Dispose();
        _device.Close();
        _server.OnClientGone(this);
    }
}
