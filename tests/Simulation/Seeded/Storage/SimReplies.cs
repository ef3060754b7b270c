// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using Braid.Block;
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Tests.Simulation;

/// <summary>
/// The bytes of replies: simple or in chunks, whole or in pieces out of order; and of those that no
/// server may send.
/// </summary>
internal sealed class SimReplies(SimServer server)
{
    /// <summary>Its number for base:allocation.</summary>
    public const uint ContextId = 7;

    private readonly MemoryStream _bytes = new();
    private byte[] _last = [];

    /// <summary>What was wrong with the last broken reply.</summary>
    public string LastBreach { get; private set; } = "";

    /// <summary>The server is to close after the last broken reply.</summary>
    public bool Ends { get; private set; }

    private LoopRandom Random => server.Random;

    public byte[] Good(SimRequest request, bool isStructured)
    {
        _bytes.SetLength(0);
        bool isRead = request.Wire.Command == NbdCommand.Read;
        bool isQuery = request.Wire.Command == NbdCommand.BlockStatus;
        if (!isStructured || (!isRead && !isQuery && Random.Chance(500))) Simple(request);
        else if (isQuery && request.Error == NbdError.None) Extents(request);
        else if (isRead) ReadChunks(request);
        else if (request.Error == NbdError.None)
            Chunk(request.Wire.Cookie, NbdChunkType.None, true, []);
        else ErrorChunk(request, isDone: true);
        return _last = _bytes.ToArray();
    }

    /// <summary>A reply that its client must not believe.</summary>
    public byte[] Broken(SimRequest request, bool isStructured)
    {
        byte[] before = _last;
        byte[] good = Good(request, isStructured);
        Ends = false;
        switch (Random.Next(6))
        {
            case 0:
                LastBreach = "a reply twice";
                return [.. good, .. good];
            case 1 when before.Length > 0:
                LastBreach = "the reply before once more";
                return [.. before, .. good];
            case 2:
                LastBreach = "a torn reply";
                Ends = true;
                return good[..(int)Random.Next(good.Length)];
            case 3:
                LastBreach = "a reply to another use of the tag";
                BinaryPrimitives.WriteUInt32BigEndian(good.AsSpan(8), 4711);
                return good;
            case 4 when isStructured && request.Wire.Command == NbdCommand.Read:
                LastBreach = "data of another length";
                return OfAnotherLength(request);
            default:
                LastBreach = "garbage";
                good[0] ^= 0x55;
                return good;
        }
    }

    private byte[] OfAnotherLength(SimRequest request)
    {
        _bytes.SetLength(0);
        int length = (int)request.Wire.Length + ((Random.Chance(500) ? -1 : 1) * Stamp.BlockBytes);
        byte[] data = new byte[Math.Max(1, length)];
        request.Data.AsSpan(0, Math.Min(data.Length, request.Data.Length)).CopyTo(data);
        DataChunk(request.Wire.Cookie, request.Wire.Offset, data, true);
        return _bytes.ToArray();
    }

    private void Extents(SimRequest request)
    {
        byte[] payload = new byte[sizeof(uint) + (request.Extents.Count * 8)];
        BinaryPrimitives.WriteUInt32BigEndian(payload, ContextId);
        Span<byte> rest = payload.AsSpan(sizeof(uint));
        foreach (BlockExtent extent in request.Extents)
        {
            BinaryPrimitives.WriteUInt32BigEndian(rest, (uint)extent.Length);
            BinaryPrimitives.WriteUInt32BigEndian(rest[sizeof(uint)..], (uint)extent.State);
            rest = rest[8..];
        }
        bool endsBare = Random.Chance(300);
        Chunk(request.Wire.Cookie, NbdChunkType.BlockStatus, !endsBare, payload);
        if (endsBare) Chunk(request.Wire.Cookie, NbdChunkType.None, true, []);
    }

    private void Simple(SimRequest request)
    {
        Span<byte> header = stackalloc byte[NbdProtocol.SimpleReplySize];
        new NbdSimpleReply(request.Error, request.Wire.Cookie).Write(header);
        _bytes.Write(header);
        if (request.Error == NbdError.None) _bytes.Write(request.Data);
    }

    private void ReadChunks(SimRequest request)
    {
        List<(int Start, int End)> pieces = Pieces(request.Data.Length);
        bool fails = request.Error != NbdError.None;
        // With an error some of the data may come before it, and the error before the end.
        int count = fails ? (int)Random.Next(pieces.Count + 1) : pieces.Count;
        if (Random.Chance(300)) pieces.Reverse();
        bool endsBare = fails || Random.Chance(300);
        for (int i = 0; i < count; i++)
            Piece(request, pieces[i].Start, pieces[i].End, !endsBare && i == count - 1);
        if (!endsBare) return;
        bool isLast = !fails || Random.Chance(500);
        if (fails) ErrorChunk(request, isLast);
        if (!fails || !isLast) Chunk(request.Wire.Cookie, NbdChunkType.None, true, []);
    }

    private List<(int Start, int End)> Pieces(int length)
    {
        var pieces = new List<(int, int)>();
        int unit = server.Kind.CutsAnywhere ? 1 : Math.Max(Stamp.BlockBytes, server.Kind.MinBlock);
        int start = 0;
        for (int left = (int)Random.Next(4); left > 0 && length - start > unit; left--)
        {
            int end = start + (unit * (1 + (int)Random.Next((length - start - 1) / unit)));
            pieces.Add((start, end));
            start = end;
        }
        pieces.Add((start, length));
        return pieces;
    }

    private void Piece(SimRequest request, int start, int end, bool isDone)
    {
        ReadOnlySpan<byte> data = request.Data.AsSpan(start, end - start);
        ulong offset = request.Wire.Offset + (ulong)start;
        if (data.IndexOfAnyExcept((byte)0) >= 0 || Random.Chance(300))
        {
            DataChunk(request.Wire.Cookie, offset, data, isDone);
            return;
        }
        Span<byte> hole = stackalloc byte[NbdProtocol.ChunkOffsetSize + sizeof(uint)];
        BinaryPrimitives.WriteUInt64BigEndian(hole, offset);
        BinaryPrimitives.WriteUInt32BigEndian(
            hole[NbdProtocol.ChunkOffsetSize..], (uint)data.Length);
        Chunk(request.Wire.Cookie, NbdChunkType.OffsetHole, isDone, hole);
    }

    private void DataChunk(ulong cookie, ulong offset, ReadOnlySpan<byte> data, bool isDone)
    {
        byte[] payload = new byte[NbdProtocol.ChunkOffsetSize + data.Length];
        BinaryPrimitives.WriteUInt64BigEndian(payload, offset);
        data.CopyTo(payload.AsSpan(NbdProtocol.ChunkOffsetSize));
        Chunk(cookie, NbdChunkType.OffsetData, isDone, payload);
    }

    private void ErrorChunk(SimRequest request, bool isDone)
    {
        Span<byte> payload = stackalloc byte[sizeof(uint) + sizeof(ushort)];
        payload.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(payload, (uint)request.Error);
        Chunk(request.Wire.Cookie, NbdChunkType.Error, isDone, payload);
    }

    private void Chunk(ulong cookie, NbdChunkType type, bool isDone, ReadOnlySpan<byte> payload)
    {
        Span<byte> header = stackalloc byte[NbdProtocol.ChunkHeaderSize];
        NbdChunkFlags flags = isDone ? NbdChunkFlags.Done : NbdChunkFlags.None;
        new NbdChunk(flags, type, cookie, (uint)payload.Length).Write(header);
        _bytes.Write(header);
        _bytes.Write(payload);
    }
}
