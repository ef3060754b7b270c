// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using Braid.Block;
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Transports.Nbd;

/// <summary>
/// What a server may still do with the writes of a connection that was given up. Each is quiet when
/// it has been answered after all, and all are when the quiesce time has passed: replies are still
/// read, if there is a connection to read from, and nothing of them is used. On the path's loop.
/// </summary>
internal sealed class NbdDrain
{
    private readonly Dictionary<ulong, LostRequest> _lost = [];
    private readonly HashSet<StaleWrite> _writes = [];
    private readonly LoopTimer _timer;
    private readonly NbdSettings _settings;
    private readonly Action _ended;
    private long _skip;

    /// <param name="loop">The path's.</param>
    /// <param name="settings">How long to wait, and whether time is proof.</param>
    /// <param name="ended">Called when all writes are quiet.</param>
    public NbdDrain(IoLoop loop, NbdSettings settings, Action ended)
    {
        _settings = settings;
        _ended = ended;
        _timer = loop.CreateTimer(EndAll);
    }

    /// <summary>Nothing can land any more.</summary>
    public bool IsQuiet => _writes.Count == 0;

    /// <summary>
    /// A request that was sent, if only in part, and not answered. The stale write that it leaves
    /// behind; null for one that changes nothing.
    /// </summary>
    /// <param name="request">The request, which is about to be given back.</param>
    /// <param name="cookie">Its name on the wire.</param>
    /// <param name="isWhole">All of it was sent: there may be a reply to it.</param>
    public StaleWrite? Add(Request request, ulong cookie, bool isWhole)
    {
        StaleWrite? write = null;
        if (request.IsWrite && request.Operation != BlockOperation.Flush)
        {
            _writes.Add(write = new StaleWrite());
            Wait();
        }
        long payload = request.Operation == BlockOperation.Read ? request.Length : 0;
        if (isWhole) _lost.Add(cookie, new LostRequest(write, payload));
        return write;
    }

    /// <summary>
    /// The rest of a reply was under way, into memory that is another's now.
    /// </summary>
    /// <param name="bytes">Bytes of it that are still to come.</param>
    /// <param name="cookie">Whose reply ends with them; null for none.</param>
    public void SkipRest(long bytes, ulong? cookie)
    {
        _skip = bytes;
        if (cookie is { } name) _lost.Remove(name);
    }

    /// <summary>
    /// Reads replies as far as they have come. False when the server makes no sense: its word
    /// proves nothing, time must.
    /// </summary>
    public bool Parse(ReceiveBuffer received)
    {
        while (received.Available > 0)
        {
            int count = (int)Math.Min(_skip, received.Available);
            received.Skip(count);
            _skip -= count;
            if (_skip > 0 || received.Available < sizeof(uint)) return true;
            if (Next(received) is not { } isGood) return true;
            if (!isGood) return false;
        }
        return true;
    }

    /// <summary>One reply or chunk; null when it has not come whole.</summary>
    private unsafe bool? Next(ReceiveBuffer received)
    {
        var staged = new ReadOnlySpan<byte>(received.Staged, received.Available);
        switch (BinaryPrimitives.ReadUInt32BigEndian(staged))
        {
            case NbdProtocol.SimpleReplyMagic:
                if (staged.Length < NbdProtocol.SimpleReplySize) return null;
                NbdSimpleReply reply = NbdSimpleReply.Read(staged);
                received.Skip(NbdProtocol.SimpleReplySize);
                if (!_lost.TryGetValue(reply.Cookie, out LostRequest request)) return false;
                if (reply.Error == NbdError.None) _skip = request.Payload;
                Answered(reply.Cookie, request);
                return true;
            case NbdProtocol.StructuredReplyMagic:
                if (staged.Length < NbdProtocol.ChunkHeaderSize) return null;
                NbdChunk chunk = NbdChunk.Read(staged);
                received.Skip(NbdProtocol.ChunkHeaderSize);
                if (!_lost.TryGetValue(chunk.Cookie, out request)) return false;
                _skip = chunk.Length;
                if (chunk.IsDone) Answered(chunk.Cookie, request);
                return true;
            default:
                return false;
        }
    }

    private void Answered(ulong cookie, LostRequest request)
    {
        _lost.Remove(cookie);
        if (request.Write is not { } write || !_writes.Remove(write)) return;
        write.End();
        if (IsQuiet) End();
    }

    /// <summary>From the first write on: what was only read leaves nothing to wait for.</summary>
    private void Wait()
    {
        if (_settings.StaleWrites == StaleWriteGuard.Time && !_timer.IsArmed)
            _timer.Arm(_settings.QuiesceNs ?? _settings.IoTimeoutNs);
    }

    private void EndAll()
    {
        foreach (StaleWrite write in _writes) write.End();
        _writes.Clear();
        End();
    }

    private void End()
    {
        _timer.Cancel();
        _ended();
    }

    /// <summary>What a late reply would be to.</summary>
    /// <param name="Write">The write it is for; null for none.</param>
    /// <param name="Payload">Bytes that follow a simple reply to it.</param>
    private readonly record struct LostRequest(StaleWrite? Write, long Payload);
}
