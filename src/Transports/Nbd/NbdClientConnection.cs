// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Block;
using Braid.Io;
using Braid.Io.Abi;
using Braid.Wire.Nbd;

namespace Braid.Transports.Nbd;

/// <summary>
/// One connection of a path in the transmission phase: requests out, replies in. Made when a
/// handshake is done, gone when the connection is. On the path's loop.
/// </summary>
internal sealed unsafe partial class NbdClientConnection : IStreamHandler, IDisposable
{
    /// <summary>
    /// Staging for reply headers and the small payloads behind them: 32 replies of 4 KiB fit into
    /// one receive, and some more.
    /// </summary>
    private const int StagingBytes = 256 * 1024;

    private const int HeaderStride = 32;

    /// <summary>
    /// Bytes that wait for their turn to be sent, before it takes no more from a map: what waits
    /// above can still be merged, ordered and sent elsewhere.
    /// </summary>
    private const long MaxUnsent = 1 << 20;

    /// <summary>What clients take to be read and written as one, whatever the block size.</summary>
    private const int Sector = 512;

    /// <summary>
    /// A timer that is so late says that the loop has stood still: the process was stopped, or its
    /// machine was.
    /// </summary>
    private const long StandstillNs = 100_000_000;

    private readonly NbdDevice _device;
    private readonly NbdSession _session;
    private readonly StreamSocket _stream;
    private readonly ReceiveBuffer _receive;
    private readonly InFlightList _inFlight;
    private readonly NbdReply[] _replies;
    private readonly LoopTimer _timeout;
    private readonly byte* _headers;
    private BlockStatus _failure = BlockStatus.Transport;

    /// <summary>
    /// Given up: what was not answered, and may still happen. Null while it serves, and when
    /// nothing of the kind was left.
    /// </summary>
    private NbdDrain? _drain;

    /// <summary>The request that was given more time after a standstill.</summary>
    private ulong? _lateFor;

    /// <summary>The server has answered something well: it not only shakes hands.</summary>
    private bool _hasServed;

    /// <summary>It has said that it shuts down, and waits for its clients to go.</summary>
    private bool _serverLeaves;

    public NbdClientConnection(NbdDevice device, NbdSession session, Connection connection)
    {
        int depth = device.Queue.Tags.Depth;
        _device = device;
        _session = session;
        _receive = new ReceiveBuffer(
            StagingBytes, session.Limits().MaxSegments + 1, session.DataHeaderBytes);
        _inFlight = new InFlightList(depth);
        _replies = new NbdReply[depth];
        for (int tag = 0; tag < depth; tag++) _replies[tag] = new NbdReply();
        _headers = (byte*)NativeMemory.Alloc((nuint)(depth * HeaderStride));
        _timeout = device.Loop.CreateTimer(OnTimeout);
        _stream = device.Loop.Adopt(connection, this);
    }

    /// <summary>A request given now would wait before it is sent.</summary>
    public bool IsFull => _stream.QueuedBytes - _stream.SentBytes >= MaxUnsent;

    /// <summary>Requests sent, and not answered.</summary>
    public int InFlight => _inFlight.Count;

    /// <summary>
    /// Sends a request at the end of the turn; its bios' memory goes out as it is.
    /// </summary>
    public void Send(Request request)
    {
        int tag = request.Tag;
        byte* header = _headers + (tag * HeaderStride);
        Encode(request).Write(new Span<byte>(header, NbdProtocol.RequestSize));
        _stream.Send(header, NbdProtocol.RequestSize);
        if (request.Operation == BlockOperation.Write)
            for (Bio? bio = request.FirstBio; bio is not null; bio = bio.Next)
                _stream.Send(bio.Cursor, bio.Left);
        _replies[tag].Begin(_stream.QueuedBytes);
        _inFlight.AddLast(tag);
        if (!_timeout.IsArmed) _timeout.Arm(_device.Settings.IoTimeoutNs);
    }

    /// <summary>
    /// Gives the connection up: what is in flight comes back with <paramref name="failure"/> as
    /// soon as the stream touches no memory any more.
    /// </summary>
    public void Close(string reason, BlockStatus failure)
    {
        if (!_stream.IsOpen) return;
        _failure = failure;
        _stream.Close(reason);
    }

    public int PrepareReceive(iovec* vectors) => _receive.Prepare(vectors);

    public void OnReceived(int bytes)
    {
        _receive.Received(bytes);
        if (_drain is null) Parse();
        else if (!_drain.Parse(_receive)) _stream.Abort("the server makes no sense");
    }

    public bool AwaitsSent => false;

    public void OnSent()
    {
        // Nothing waits for it: the memory is held until the reply.
    }

    public void OnClosed(StreamEnd reason)
    {
        _timeout.Cancel();
        _device.OnConnectionClosed(this, reason.Text);
        GiveBack();
        Dispose();
    }

    /// <summary>
    /// Given up, and late replies are not read any more: nothing is stale, or its path is being
    /// stopped. What is stale then stays so for its time.
    /// </summary>
    public void StopDraining()
    {
        if (_stream.IsOpen) _stream.Abort("stopped");
    }

    /// <summary>
    /// Called when the stream is over; frees what it received into and sent from.
    /// </summary>
    public void Dispose()
    {
        _receive.Dispose();
        NativeMemory.Free(_headers);
    }

    private NbdRequest Encode(Request request)
    {
        var flags = NbdCommandFlags.None;
        if ((request.Flags & BioFlags.Fua) != 0 && _session.Has(NbdTransmissionFlags.SendFua))
            flags |= NbdCommandFlags.Fua;
        if ((request.Flags & BioFlags.NoUnmap) != 0) flags |= NbdCommandFlags.NoHole;
        return new NbdRequest(
            flags, CommandOf(request.Operation), CookieOf(request),
            (ulong)request.Offset, (uint)request.Length);
    }

    private static NbdCommand CommandOf(BlockOperation operation) => operation switch
    {
        BlockOperation.Read => NbdCommand.Read,
        BlockOperation.Write => NbdCommand.Write,
        BlockOperation.Flush => NbdCommand.Flush,
        BlockOperation.Discard => NbdCommand.Trim,
        BlockOperation.WriteZeroes => NbdCommand.WriteZeroes,
        BlockOperation.Extents => NbdCommand.BlockStatus,
        _ => throw new ArgumentOutOfRangeException(nameof(operation)),
    };

    /// <summary>
    /// The tag with its generation: a reply to an earlier use is not taken for this one.
    /// </summary>
    private static ulong CookieOf(Request request) =>
        ((ulong)request.Generation << 32) | (uint)request.Tag;

    /// <summary>
    /// The request that a reply is for; null when there is none, or when it had not been sent
    /// whole: nobody can answer that.
    /// </summary>
    private Request? Find(ulong cookie)
    {
        int tag = (int)(uint)cookie;
        if (!_inFlight.Contains(tag)) return null;
        Request request = _device.Queue.Tags[tag];
        if (CookieOf(request) != cookie) return null;
        return _stream.SentBytes >= _replies[tag].SentAt ? request : null;
    }

    private void Complete(Request request, BlockStatus status)
    {
        _inFlight.Remove(request.Tag);
        long good = WholeBlocks(request, _replies[request.Tag].GoodBeforeError);
        if (status == BlockStatus.Ok) _device.Queue.Complete(request, status);
        // All of it, and an error: the server contradicts itself, so nothing of it is believed.
        else _device.Queue.Complete(request, status, good < request.Length ? good : 0);
        if (status == BlockStatus.Ok) NoteService();
        _serverLeaves |= status == BlockStatus.Offline;
        // What is in flight it still answers.
        if (_serverLeaves && _inFlight.Count == 0)
            Close("the server shuts down", BlockStatus.Offline);
    }

    /// <summary>
    /// What is left is asked for again, perhaps of another server: it begins with a block, so that
    /// no server gets what it does not take, and no sector is read in two halves.
    /// </summary>
    private long WholeBlocks(Request request, long good)
    {
        long end = request.Offset + good;
        end -= end % Math.Max(Sector, _device.Limits.LogicalBlockSize);
        return Math.Max(0, end - request.Offset);
    }

    private void NoteService()
    {
        if (_hasServed) return;
        _hasServed = true;
        _device.OnServed();
    }

    /// <summary>The server has broken the protocol: nothing it says later can be trusted.</summary>
    private void Breach(string what)
    {
        _device.CountBreach();
        Close($"the server breaks the NBD protocol: {what}", BlockStatus.Transport);
    }

    /// <summary>
    /// An I/O took too long. All come back now; the socket is kept, to hear of the writes among
    /// them, only as long as they are waited for.
    /// </summary>
    private void GiveUp(string reason)
    {
        _failure = BlockStatus.Timeout;
        _stream.DropUnsent();
        // What had come already may have ended it.
        if (!_stream.IsOpen) return;
        _device.OnConnectionClosed(this, reason);
        Request? cutOff = _payloadOf;
        ulong? ends = cutOff is not null && _payloadEnds ? CookieOf(cutOff) : null;
        long rest = _skip + _receive.PayloadLeft;
        _receive.BeginPayload();
        GiveBack();
        if (_drain is { IsQuiet: false } drain && _device.TryDrain(this))
            drain.SkipRest(rest, ends);
        else
            _stream.Abort(reason);
    }

    /// <summary>
    /// Ends all that is in flight. Done 0: a payload may have been cut off, and reading again costs
    /// nothing.
    /// </summary>
    private void GiveBack()
    {
        while (_inFlight.First >= 0)
        {
            int tag = _inFlight.First;
            _inFlight.Remove(tag);
            Request request = _device.Queue.Tags[tag];
            if (_device.Settings.StaleWrites != StaleWriteGuard.Off) NoteLost(request);
            _device.Queue.Complete(request, _failure, 0);
        }
    }

    /// <summary>What the machine has not taken a byte of, nobody has.</summary>
    private void NoteLost(Request request)
    {
        long end = _replies[request.Tag].SentAt;
        long payload = request.Operation == BlockOperation.Write ? request.Length : 0;
        if (_stream.SentBytes <= end - payload - NbdProtocol.RequestSize) return;
        _drain ??= new NbdDrain(_device.Loop, _device.Settings, StopDraining);
        request.Stale = _drain.Add(request, CookieOf(request), _stream.SentBytes >= end);
    }

    private void OnTimeout()
    {
        if (_inFlight.First < 0) return;
        Request oldest = _device.Queue.Tags[_inFlight.First];
        long timeoutNs = _device.Settings.IoTimeoutNs;
        long leftNs = oldest.DispatchNs + timeoutNs - _device.Loop.NowNs;
        long lateNs = _device.Loop.NowNs - _timeout.DueNs;
        // The replies may lie in the socket: time in which nobody looked for them does not count.
        // But once for a request: on a machine that is always late it would never be given up.
        if (leftNs <= 0 && lateNs > StandstillNs && CookieOf(oldest) != _lateFor)
        {
            leftNs = Math.Min(lateNs, timeoutNs);
            _lateFor = CookieOf(oldest);
        }
        if (leftNs > 0)
        {
            _timeout.Arm(leftNs);
            return;
        }
        long ms = timeoutNs / 1_000_000;
        GiveUp($"no reply within {ms} ms");
    }
}
