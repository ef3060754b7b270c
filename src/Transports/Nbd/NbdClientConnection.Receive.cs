// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using Braid.Block;
using Braid.Wire.Nbd;

namespace Braid.Transports.Nbd;

/// <summary>
/// Up: from bytes to replies, to the end of requests ("Transmission", NBD proto).
/// </summary>
internal sealed unsafe partial class NbdClientConnection
{
    /// <summary>
    /// Chunks that must be looked at whole: errors with their text. Extents beyond what is wanted
    /// are skipped, whatever their number.
    /// </summary>
    private const int MaxChunkInStaging = 64 * 1024;

    private const int ExtentSize = 8;

    /// <summary>
    /// The request whose payload is under way, and whether its reply ends with it.
    /// </summary>
    private Request? _payloadOf;
    private bool _payloadEnds;

    /// <summary>Where on the device that payload ends, in bytes.</summary>
    private long _payloadEnd;

    /// <summary>Bytes to be thrown away before the next header.</summary>
    private long _skip;

    /// <summary>
    /// The request has other memory from now on: the rest of its payload goes there, too. What has
    /// not begun to come looks for the memory when it does.
    /// </summary>
    public void Abandon(Request read)
    {
        if (_payloadOf != read) return;
        // Bytes that lie there already are counted later, and by then count for the new place: what
        // they are does not matter any more.
        _stream.RecallReceive();
        PlacePayload(read, _payloadEnd - _receive.PayloadLeft);
    }

    private void Parse()
    {
        while (_stream.IsOpen)
        {
            if (_payloadOf is not null)
            {
                if (!_receive.FillPayload()) return;
                EndPayload();
            }
            else if (_skip > 0)
            {
                int count = (int)Math.Min(_skip, _receive.Available);
                _receive.Skip(count);
                _skip -= count;
                if (_skip > 0) return;
            }
            else if (!ParseOne())
            {
                return;
            }
        }
    }

    /// <summary>Takes one reply or chunk. False when not enough of it is there.</summary>
    private bool ParseOne()
    {
        if (_receive.Available < sizeof(uint)) return false;
        var staged = new ReadOnlySpan<byte>(_receive.Staged, _receive.Available);
        uint magic = BinaryPrimitives.ReadUInt32BigEndian(staged);
        if (magic == NbdProtocol.SimpleReplyMagic) return ParseSimple(staged);
        if (magic == NbdProtocol.StructuredReplyMagic && _session.StructuredReplies)
            return ParseChunk(staged);
        Breach("wrong magic in a reply");
        return false;
    }

    private bool ParseSimple(ReadOnlySpan<byte> staged)
    {
        if (staged.Length < NbdProtocol.SimpleReplySize) return false;
        NbdSimpleReply reply = NbdSimpleReply.Read(staged);
        _receive.Skip(NbdProtocol.SimpleReplySize);
        Request? request = Find(reply.Cookie);
        if (request is null)
        {
            Breach("a reply to no request");
            return false;
        }
        if (reply.Error != NbdError.None)
        {
            Complete(request, NbdErrors.ToStatus(reply.Error));
            return true;
        }
        switch (request.Operation)
        {
            case BlockOperation.Read when !_session.StructuredReplies:
                _replies[request.Tag].TryAdd(0, request.Length);
                BeginPayload(request, request.Offset, request.Length, ends: true);
                return true;
            case BlockOperation.Read or BlockOperation.Extents:
                Breach("a simple reply where it had agreed on structured ones");
                return false;
            default:
                Complete(request, BlockStatus.Ok);
                return true;
        }
    }

    private bool ParseChunk(ReadOnlySpan<byte> staged)
    {
        if (staged.Length < NbdProtocol.ChunkHeaderSize) return false;
        NbdChunk chunk = NbdChunk.Read(staged);
        Request? request = Find(chunk.Cookie);
        if (request is null)
        {
            Breach("a reply to no request");
            return false;
        }
        ReadOnlySpan<byte> body = staged[NbdProtocol.ChunkHeaderSize..];
        if (chunk.IsError) return ParseError(request, chunk, body);
        switch (chunk.Type)
        {
            case NbdChunkType.None when chunk is { Length: 0, IsDone: true }:
                _receive.Skip(NbdProtocol.ChunkHeaderSize);
                Finish(request);
                return true;
            case NbdChunkType.OffsetData when request.Operation == BlockOperation.Read:
                return ParseData(request, chunk, body);
            case NbdChunkType.OffsetHole when request.Operation == BlockOperation.Read:
                return ParseHole(request, chunk, body);
            case NbdChunkType.BlockStatus when request.Operation == BlockOperation.Extents:
                return ParseExtents(request, chunk, body);
            default:
                Breach($"a chunk of type {(ushort)chunk.Type} for {request.Operation}");
                return false;
        }
    }

    private bool ParseData(Request request, NbdChunk chunk, ReadOnlySpan<byte> body)
    {
        if (chunk.Length <= NbdProtocol.ChunkOffsetSize)
        {
            Breach("an empty data chunk");
            return false;
        }
        if (body.Length < NbdProtocol.ChunkOffsetSize) return false;
        long offset = (long)BinaryPrimitives.ReadUInt64BigEndian(body);
        long length = chunk.Length - NbdProtocol.ChunkOffsetSize;
        if (!Accept(request, offset, length)) return false;
        _receive.Skip(NbdProtocol.ChunkHeaderSize + NbdProtocol.ChunkOffsetSize);
        BeginPayload(request, offset, length, chunk.IsDone);
        return true;
    }

    private bool ParseHole(Request request, NbdChunk chunk, ReadOnlySpan<byte> body)
    {
        const int Size = NbdProtocol.ChunkOffsetSize + sizeof(uint);
        if (chunk.Length != Size)
        {
            Breach($"a hole chunk of {chunk.Length} bytes");
            return false;
        }
        if (body.Length < Size) return false;
        long offset = (long)BinaryPrimitives.ReadUInt64BigEndian(body);
        long length = BinaryPrimitives.ReadUInt32BigEndian(body[NbdProtocol.ChunkOffsetSize..]);
        if (!Accept(request, offset, length)) return false;
        _receive.Skip(NbdProtocol.ChunkHeaderSize + Size);
        foreach (RequestSegment part in new RequestSegments(request, offset, length))
            new Span<byte>(part.Data, part.Length).Clear();
        if (chunk.IsDone) Finish(request);
        return true;
    }

    /// <summary>Whether data for that range is wanted, and has not come before.</summary>
    private bool Accept(Request request, long offset, long length)
    {
        if (length > 0 && offset >= request.Offset && length <= request.End - offset
            && _replies[request.Tag].TryAdd(offset - request.Offset, length))
            return true;
        Breach("data that was not asked for");
        return false;
    }

    private bool ParseExtents(Request request, NbdChunk chunk, ReadOnlySpan<byte> body)
    {
        if (chunk.Length < sizeof(uint) + ExtentSize
            || (chunk.Length - sizeof(uint)) % ExtentSize != 0)
        {
            Breach($"a block status chunk of {chunk.Length} bytes");
            return false;
        }
        Bio bio = request.FirstBio!;
        int wanted = (int)Math.Min(
            (chunk.Length - sizeof(uint)) / ExtentSize,
            (uint)(NbdDevice.ExtentBufferBytes / sizeof(BlockExtent)));
        int needed = sizeof(uint) + (wanted * ExtentSize);
        if (body.Length < needed) return false;
        if (BinaryPrimitives.ReadUInt32BigEndian(body) == _session.AllocationContext)
        {
            CopyExtents(body.Slice(sizeof(uint), wanted * ExtentSize), bio, request.Length);
            _replies[request.Tag].TryAdd(0, request.Length);
        }
        _receive.Skip(NbdProtocol.ChunkHeaderSize + needed);
        _skip = chunk.Length - needed;
        if (chunk.IsDone) Finish(request);
        return true;
    }

    /// <summary>Up to the end of the range that was asked for, and never beyond it.</summary>
    private static void CopyExtents(ReadOnlySpan<byte> from, Bio bio, long left)
    {
        var to = (BlockExtent*)bio.Data;
        int count = 0;
        for (; from.Length > 0 && left > 0; from = from[ExtentSize..])
        {
            long length = BinaryPrimitives.ReadUInt32BigEndian(from);
            if (length == 0) break;
            ulong state = BinaryPrimitives.ReadUInt32BigEndian(from[sizeof(uint)..]);
            to[count++] = new BlockExtent(Math.Min(length, left), state);
            left -= length;
        }
        bio.ExtentCount = count;
    }

    private bool ParseError(Request request, NbdChunk chunk, ReadOnlySpan<byte> body)
    {
        if (chunk.Length is < sizeof(uint) or > MaxChunkInStaging)
        {
            Breach($"an error chunk of {chunk.Length} bytes");
            return false;
        }
        if (body.Length < (int)chunk.Length) return false;
        var error = (NbdError)BinaryPrimitives.ReadUInt32BigEndian(body);
        _replies[request.Tag].Fail(NbdErrors.ToStatus(error));
        _receive.Skip(NbdProtocol.ChunkHeaderSize + (int)chunk.Length);
        if (chunk.IsDone) Finish(request);
        return true;
    }

    private void BeginPayload(Request request, long offset, long length, bool ends)
    {
        _payloadOf = request;
        _payloadEnds = ends;
        _payloadEnd = offset + length;
        PlacePayload(request, offset);
    }

    private void PlacePayload(Request request, long offset)
    {
        _receive.BeginPayload();
        foreach (RequestSegment part in new RequestSegments(request, offset, _payloadEnd - offset))
            _receive.AddPayload(part.Data, part.Length);
    }

    private void EndPayload()
    {
        Request request = _payloadOf!;
        _payloadOf = null;
        if (_payloadEnds) Finish(request);
    }

    /// <summary>The reply is complete: ends the request with what it said.</summary>
    private void Finish(Request request)
    {
        NbdReply reply = _replies[request.Tag];
        bool needsData = request.Operation is BlockOperation.Read or BlockOperation.Extents;
        if (reply.Status != BlockStatus.Ok) Complete(request, reply.Status);
        else if (!needsData || reply.Bytes == request.Length) Complete(request, BlockStatus.Ok);
        else Breach($"a reply with {reply.Bytes} of {request.Length} bytes");
    }
}
