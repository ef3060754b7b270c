// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using System.Text;
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Tests.Fuzz;

/// <summary>One connection of a hostile server.</summary>
internal sealed class HostileSession(HostileServer server, SimulatedConnection client)
{
    private const int ConnectionReset = 104;
    private const int ContextId = 7;

    private readonly List<WireMessage> _later = [];
    private bool _isStructured;
    private bool _isMute;

    private ServerStyle Style => server.Style;

    public async Task RunAsync()
    {
        Send(WireMessage.Greeting());
        await ReadAsync(4).ConfigureAwait(false);
        while (true)
        {
            byte[] bytes = await ReadAsync(NbdProtocol.OptionHeaderSize).ConfigureAwait(false);
            Check(NbdOptionHeader.TryRead(bytes, out NbdOptionHeader option), "option magic");
            await ReadAsync((int)option.Length).ConfigureAwait(false);
            if (Answer(option.Option)) break;
        }
        while (true) await ServeAsync().ConfigureAwait(false);
    }

    /// <summary>A lie of the server may well mislead its client.</summary>
    private void Check(bool condition, string what)
    {
        if (condition) return;
        if (server.Honesty.HasLiedEarly) throw new EndOfStreamException(what);
        throw new FuzzException($"our client: {what}");
    }

    /// <summary>True after GO.</summary>
    private bool Answer(NbdOption option)
    {
        switch (option)
        {
            case NbdOption.StructuredReply:
                _isStructured = Style.StructuredReplies;
                Reply(option, _isStructured ? NbdOptionReply.Ack : NbdOptionReply.Unsupported);
                return false;
            case NbdOption.SetMetaContext when Style.Allocation:
                Reply(option, NbdOptionReply.MetaContext,
                    [0, 0, 0, ContextId, .. Encoding.UTF8.GetBytes(NbdProtocol.AllocationContext)]);
                Reply(option, NbdOptionReply.Ack);
                return false;
            case NbdOption.Go:
                Reply(option, NbdOptionReply.Info, Export());
                Reply(option, NbdOptionReply.Info, BlockSizes());
                Reply(option, NbdOptionReply.Ack);
                return true;
            case NbdOption.ExportName:
                Check(false, "EXPORT_NAME of a server that knows GO");
                return true;
            default:
                Reply(option, NbdOptionReply.Unsupported);
                return false;
        }
    }

    private byte[] Export()
    {
        byte[] info = new byte[12];
        BinaryPrimitives.WriteUInt64BigEndian(info.AsSpan(2), (ulong)server.Volume.Length);
        BinaryPrimitives.WriteUInt16BigEndian(info.AsSpan(10), (ushort)Style.Flags);
        return info;
    }

    private byte[] BlockSizes()
    {
        byte[] info = new byte[14];
        BinaryPrimitives.WriteUInt16BigEndian(info, (ushort)NbdInfo.BlockSize);
        BinaryPrimitives.WriteUInt32BigEndian(info.AsSpan(2), (uint)Style.Block);
        BinaryPrimitives.WriteUInt32BigEndian(info.AsSpan(6), 4096);
        BinaryPrimitives.WriteUInt32BigEndian(info.AsSpan(10), NbdProtocol.MaxPayload);
        return info;
    }

    private async Task ServeAsync()
    {
        byte[] bytes = await ReadAsync(NbdProtocol.RequestSize).ConfigureAwait(false);
        Check(NbdRequest.TryRead(bytes, out NbdRequest request), "wrong magic in a request");
        if (request.Command == NbdCommand.Disconnect) throw new EndOfStreamException();
        CheckRequest(request);
        byte[] payload = request.Command == NbdCommand.Write
            ? await ReadAsync((int)request.Length).ConfigureAwait(false)
            : [];
        Do(request, payload);
        server.Honesty.Done(request.Cookie);
        bool fails = !server.IsThrough && server.Loop.Random.Chance(Style.Errors);
        server.Loop.CreateTimer(() => Reply(request, fails))
            .Arm(server.Loop.Random.Next(200_000));
    }

    private void CheckRequest(NbdRequest request)
    {
        ulong size = (ulong)server.Volume.Length;
        Check(request.Length <= size && request.Offset <= size - request.Length,
            $"{request.Command} {request.Offset}+{request.Length} beyond the end");
        uint mask = (uint)Style.Block - 1;
        Check((request.Offset & mask) == 0 && (request.Length & mask) == 0,
            $"{request.Command} {request.Offset}+{request.Length} of blocks of {Style.Block}");
        Check((request.Flags & NbdCommandFlags.Fua) == 0
            || (Style.Flags & NbdTransmissionFlags.SendFua) != 0, "FUA that was not offered");
    }

    private void Do(NbdRequest request, byte[] payload)
    {
        Span<byte> range = server.Volume.AsSpan((int)request.Offset, (int)request.Length);
        if (request.Command == NbdCommand.Write) payload.CopyTo(range);
        if (request.Command is NbdCommand.WriteZeroes or NbdCommand.Trim) range.Clear();
    }

    private void Reply(NbdRequest request, bool fails)
    {
        ulong cookie = request.Cookie;
        bool isChunked = _isStructured
            && request.Command is NbdCommand.Read or NbdCommand.BlockStatus;
        if (fails) Fail(cookie, isChunked);
        else if (request.Command == NbdCommand.Read && isChunked) Data(request);
        else if (request.Command == NbdCommand.BlockStatus) Extents(request);
        else if (request.Command == NbdCommand.Read)
            Send(WireMessage.Simple(NbdError.None, cookie, Stored(request)));
        else
            Send(WireMessage.Simple(NbdError.None, cookie, []));
    }

    private void Fail(ulong cookie, bool isChunked)
    {
        NbdError[] errors = [NbdError.Io, NbdError.Io, NbdError.NoSpace, NbdError.Shutdown,
            NbdError.Invalid, NbdError.NoMemory, (NbdError)4711];
        NbdError error = errors[server.Loop.Random.Next(errors.Length)];
        server.Honesty.Failed();
        byte[] body = [0, 0, 0, 0, 0, 5, .. "sorry"u8];
        BinaryPrimitives.WriteUInt32BigEndian(body, (uint)error);
        Send(isChunked
            ? WireMessage.Chunk(cookie, NbdChunkType.Error, true, body)
            : WireMessage.Simple(error, cookie, []));
    }

    private ReadOnlySpan<byte> Stored(NbdRequest request) =>
        server.Volume.AsSpan((int)request.Offset, (int)request.Length);

    /// <summary>The range in pieces, in any order, and what is zero as holes.</summary>
    private void Data(NbdRequest request)
    {
        LoopRandom random = server.Loop.Random;
        int count = (int)Math.Min(1 + random.Next(Style.Chunks), request.Length);
        bool endsAlone = random.Chance(200);
        var pieces = new List<(uint Start, uint End)>();
        uint start = 0;
        for (int left = count; left > 0; left--)
        {
            uint end = left == 1
                ? request.Length
                : start + 1 + (uint)random.Next(request.Length - start - left + 1);
            pieces.Insert((int)random.Next(pieces.Count + 1), (start, end));
            start = end;
        }
        for (int i = 0; i < pieces.Count; i++)
            Piece(request, pieces[i], isDone: i == pieces.Count - 1 && !endsAlone);
        if (endsAlone) Send(WireMessage.Chunk(request.Cookie, NbdChunkType.None, true));
    }

    private void Piece(NbdRequest request, (uint Start, uint End) piece, bool isDone)
    {
        ulong offset = request.Offset + piece.Start;
        Span<byte> data = server.Volume.AsSpan((int)offset, (int)(piece.End - piece.Start));
        byte[] place = new byte[12];
        BinaryPrimitives.WriteUInt64BigEndian(place, offset);
        BinaryPrimitives.WriteUInt32BigEndian(place.AsSpan(8), (uint)data.Length);
        Send(data.ContainsAnyExcept((byte)0)
            ? WireMessage.Chunk(
                request.Cookie, NbdChunkType.OffsetData, isDone, [.. place[..8], .. data])
            : WireMessage.Chunk(request.Cookie, NbdChunkType.OffsetHole, isDone, place));
    }

    private void Extents(NbdRequest request)
    {
        byte[] body = new byte[12];
        body[3] = ContextId;
        BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(4), request.Length);
        Send(WireMessage.Chunk(request.Cookie, NbdChunkType.BlockStatus, true, body));
    }

    private void Reply(NbdOption option, NbdOptionReply reply, params byte[] body) =>
        Send(WireMessage.OptionReply(option, reply, body));

    /// <summary>Sends a message, or what the edits of its number make of it.</summary>
    private void Send(WireMessage message)
    {
        ulong number = server.Messages++;
        bool isHeld = false;
        string moment = "";
        foreach (FuzzLine line in server.Edits[number])
        {
            ServerEdit.Apply(line, message);
            if (line.Word(1) == "again" && server.Past.Count > 0)
                Write(server.Past[(int)(line.Number(2) % (ulong)server.Past.Count)]);
            isHeld |= line.Word(1) == "later";
            if (Array.IndexOf(ServerEdit.Moments, line.Word(1)) >= 0) moment = line.Word(1);
        }
        if (message.IsEarly && (isHeld || moment.Length > 0)) server.Honesty.LieEarly();
        if (isHeld)
        {
            _later.Add(message);
            return;
        }
        if (moment != "drop") Write(message);
        if (moment == "twice") Write(message);
        foreach (WireMessage late in _later) Write(late);
        _later.Clear();
        End(moment);
    }

    private void Write(WireMessage message)
    {
        if (_isMute || client.IsDetached || client.Incoming.IsEnded) return;
        server.Honesty.Send(message, _isStructured);
        server.Past.Add(message);
        server.Traffic += message.Bytes.Length;
        client.Outgoing.Write(message.Bytes);
    }

    private void End(string moment)
    {
        switch (moment)
        {
            case "end":
                client.Dispose();
                _isMute = true;
                break;
            case "reset":
                _isMute = true;
                client.Outgoing.Reset(ConnectionReset);
                break;
            case "hang":
                _isMute = true;
                break;
            default:
                break;
        }
    }

    private async Task<byte[]> ReadAsync(int count)
    {
        Check(count is >= 0 and <= NbdProtocol.MaxPayload, $"{count} bytes to read");
        byte[] bytes = new byte[count];
        await client.ReadExactlyAsync(bytes, CancellationToken.None).ConfigureAwait(false);
        server.Traffic += count;
        return bytes;
    }
}
