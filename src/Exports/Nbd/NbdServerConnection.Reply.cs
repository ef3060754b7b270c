// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using Braid.Block;
using Braid.Wire.Nbd;

namespace Braid.Exports.Nbd;

/// <summary>
/// Up: from the end of bios to replies, which leave together at the end of the turn.
/// </summary>
internal sealed unsafe partial class NbdServerConnection
{
    private const int WireExtentSize = 8;

    public void EndBio(Bio bio)
    {
        NbdServerCommand command = _slots.Of(bio);
        if (bio.Status != BlockStatus.Ok && command.Status == BlockStatus.Ok)
            command.Status = bio.Status;
        // At once: parts of writes that were held until their wholes have come could fill the pool,
        // and no whole would ever come.
        if (bio.Operation == BlockOperation.Write) _memory.Free(bio);
        EndOne(command);
    }

    public void OnSent()
    {
        while (_replies.TakeSent(_stream.SentBytes) is { } command) Release(command);
        EndIfDrained();
        if (_paused) Resume();
    }

    private void EndOne(NbdServerCommand command)
    {
        if (--command.Pending > 0) return;
        if (_closed)
        {
            Release(command);
            EndIfClosed();
            return;
        }
        Reply(command, NbdStatuses.ToError(command.Status));
    }

    private void Reply(NbdServerCommand command, NbdError error)
    {
        NbdRequest request = command.Request;
        bool isExtents = request.Command == NbdCommand.BlockStatus;
        if (request.Command == NbdCommand.Read && error == NbdError.None) ReplyData(command);
        else if (isExtents && error is NbdError.None or NbdError.NotSupported)
            ReplyExtents(command);
        else if (_session.StructuredReplies && (isExtents || request.Command == NbdCommand.Read))
            ReplyErrorChunk(command, error);
        else ReplySimple(command, error);
        _replies.Add(command, _stream.QueuedBytes);
    }

    private void ReplySimple(NbdServerCommand command, NbdError error)
    {
        var header = new Span<byte>(command.Header, NbdProtocol.SimpleReplySize);
        new NbdSimpleReply(error, command.Request.Cookie).Write(header);
        _stream.Send(command.Header, header.Length);
    }

    private void ReplyData(NbdServerCommand command)
    {
        if (_session.StructuredReplies)
        {
            const int Size = NbdProtocol.ChunkHeaderSize + NbdProtocol.ChunkOffsetSize;
            uint length = NbdProtocol.ChunkOffsetSize + command.Request.Length;
            Span<byte> header = Chunk(command, NbdChunkType.OffsetData, length, Size);
            BinaryPrimitives.WriteUInt64BigEndian(
                header[NbdProtocol.ChunkHeaderSize..], command.Request.Offset);
            _stream.Send(command.Header, Size);
        }
        else
        {
            ReplySimple(command, NbdError.None);
        }
        for (int i = 0; i < command.Bios; i++)
        {
            Bio bio = command.BioAt(i);
            _stream.Send(bio.Data, (int)bio.Length);
        }
    }

    private void ReplyErrorChunk(NbdServerCommand command, NbdError error)
    {
        const int Payload = sizeof(uint) + sizeof(ushort);
        const int Size = NbdProtocol.ChunkHeaderSize + Payload;
        Span<byte> body = Chunk(command, NbdChunkType.Error, Payload, Size)
            [NbdProtocol.ChunkHeaderSize..];
        BinaryPrimitives.WriteUInt32BigEndian(body, (uint)error);
        BinaryPrimitives.WriteUInt16BigEndian(body[sizeof(uint)..], 0);
        _stream.Send(command.Header, Size);
    }

    /// <summary>What a path has said; where none can, the range as one allocated extent.</summary>
    private void ReplyExtents(NbdServerCommand command)
    {
        const int Size = NbdProtocol.ChunkHeaderSize + sizeof(uint);
        Bio bio = command.BioAt(0);
        int count = command.Status == BlockStatus.Ok && bio.Data is not null
            ? EncodeExtents(bio, command.Request.Flags)
            : 0;
        bool isUnknown = count == 0;
        uint length = (uint)(sizeof(uint) + (Math.Max(1, count) * WireExtentSize));
        int size = Size + (isUnknown ? WireExtentSize : 0);
        Span<byte> header = Chunk(command, NbdChunkType.BlockStatus, length, size);
        Span<byte> body = header[NbdProtocol.ChunkHeaderSize..];
        BinaryPrimitives.WriteUInt32BigEndian(body, NbdServerHandshake.AllocationContextId);
        if (isUnknown)
        {
            BinaryPrimitives.WriteUInt32BigEndian(body[4..], command.Request.Length);
            BinaryPrimitives.WriteUInt32BigEndian(body[8..], 0);
        }
        _stream.Send(command.Header, size);
        if (!isUnknown) _stream.Send(bio.Data, count * WireExtentSize);
    }

    /// <summary>
    /// Turns the extents into the wire's form in their own memory, which is half as long;
    /// neighbours of the same state become one.
    /// </summary>
    private static int EncodeExtents(Bio bio, NbdCommandFlags flags)
    {
        var extents = new ReadOnlySpan<BlockExtent>(bio.Data, bio.ExtentCount);
        var wire = new Span<byte>(bio.Data, bio.ExtentCount * WireExtentSize);
        int max = (flags & NbdCommandFlags.ReqOne) != 0 ? 1 : extents.Length;
        int count = 0;
        int index = 0;
        while (index < extents.Length && count < max)
        {
            BlockExtent extent = extents[index++];
            long length = extent.Length;
            while (index < extents.Length && extents[index].State == extent.State)
                length += extents[index++].Length;
            Span<byte> to = wire[(count++ * WireExtentSize)..];
            BinaryPrimitives.WriteUInt32BigEndian(to, (uint)Math.Min(length, uint.MaxValue));
            BinaryPrimitives.WriteUInt32BigEndian(to[sizeof(uint)..], (uint)extent.State);
        }
        return count;
    }

    private static Span<byte> Chunk(
        NbdServerCommand command, NbdChunkType type, uint length, int size)
    {
        var header = new Span<byte>(command.Header, size);
        new NbdChunk(NbdChunkFlags.Done, type, command.Request.Cookie, length).Write(header);
        return header;
    }
}
