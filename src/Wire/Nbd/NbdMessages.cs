// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;

namespace Braid.Wire.Nbd;

/// <summary>A request of the transmission phase ("Request message", NBD proto): 28 bytes.</summary>
/// <param name="Flags">NBD_CMD_FLAG_*.</param>
/// <param name="Command">May be a value that is not defined.</param>
/// <param name="Cookie">The client's; comes back in each reply.</param>
/// <param name="Offset">Bytes.</param>
/// <param name="Length">Bytes; the payload's, for a write.</param>
public readonly record struct NbdRequest(
    NbdCommandFlags Flags, NbdCommand Command, ulong Cookie, ulong Offset, uint Length)
{
    /// <summary>Writes <see cref="NbdProtocol.RequestSize"/> bytes.</summary>
    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt64BigEndian(to[16..], Offset);
        BinaryPrimitives.WriteUInt32BigEndian(to[24..], Length);
        BinaryPrimitives.WriteUInt32BigEndian(to, NbdProtocol.RequestMagic);
        BinaryPrimitives.WriteUInt16BigEndian(to[4..], (ushort)Flags);
        BinaryPrimitives.WriteUInt16BigEndian(to[6..], (ushort)Command);
        BinaryPrimitives.WriteUInt64BigEndian(to[8..], Cookie);
    }

    /// <summary>
    /// False when the magic is wrong: the stream is out of step and must be closed.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> from, out NbdRequest request)
    {
        request = new NbdRequest(
            (NbdCommandFlags)BinaryPrimitives.ReadUInt16BigEndian(from[4..]),
            (NbdCommand)BinaryPrimitives.ReadUInt16BigEndian(from[6..]),
            BinaryPrimitives.ReadUInt64BigEndian(from[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(from[16..]),
            BinaryPrimitives.ReadUInt32BigEndian(from[24..]));
        return BinaryPrimitives.ReadUInt32BigEndian(from) == NbdProtocol.RequestMagic;
    }
}

/// <summary>A simple reply: 16 bytes, then the data of a read that succeeded.</summary>
public readonly record struct NbdSimpleReply(NbdError Error, ulong Cookie)
{
    /// <summary>Writes <see cref="NbdProtocol.SimpleReplySize"/> bytes.</summary>
    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt64BigEndian(to[8..], Cookie);
        BinaryPrimitives.WriteUInt32BigEndian(to, NbdProtocol.SimpleReplyMagic);
        BinaryPrimitives.WriteUInt32BigEndian(to[4..], (uint)Error);
    }

    /// <summary>Reads what follows the magic, which the caller has looked at.</summary>
    public static NbdSimpleReply Read(ReadOnlySpan<byte> from) => new(
        (NbdError)BinaryPrimitives.ReadUInt32BigEndian(from[4..]),
        BinaryPrimitives.ReadUInt64BigEndian(from[8..]));
}

/// <summary>The header of a structured reply's chunk: 20 bytes, then its payload.</summary>
/// <param name="Length">Bytes of payload: bound it before use.</param>
public readonly record struct NbdChunk(
    NbdChunkFlags Flags, NbdChunkType Type, ulong Cookie, uint Length)
{
    public bool IsDone => (Flags & NbdChunkFlags.Done) != 0;

    public bool IsError => (Type & NbdChunkType.ErrorBit) != 0;

    /// <summary>Writes <see cref="NbdProtocol.ChunkHeaderSize"/> bytes.</summary>
    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt32BigEndian(to[16..], Length);
        BinaryPrimitives.WriteUInt32BigEndian(to, NbdProtocol.StructuredReplyMagic);
        BinaryPrimitives.WriteUInt16BigEndian(to[4..], (ushort)Flags);
        BinaryPrimitives.WriteUInt16BigEndian(to[6..], (ushort)Type);
        BinaryPrimitives.WriteUInt64BigEndian(to[8..], Cookie);
    }

    /// <summary>Reads what follows the magic, which the caller has looked at.</summary>
    public static NbdChunk Read(ReadOnlySpan<byte> from) => new(
        (NbdChunkFlags)BinaryPrimitives.ReadUInt16BigEndian(from[4..]),
        (NbdChunkType)BinaryPrimitives.ReadUInt16BigEndian(from[6..]),
        BinaryPrimitives.ReadUInt64BigEndian(from[8..]),
        BinaryPrimitives.ReadUInt32BigEndian(from[16..]));
}

/// <summary>An option of the handshake: 16 bytes, then its data.</summary>
public readonly record struct NbdOptionHeader(NbdOption Option, uint Length)
{
    /// <summary>Writes <see cref="NbdProtocol.OptionHeaderSize"/> bytes.</summary>
    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt32BigEndian(to[12..], Length);
        BinaryPrimitives.WriteUInt64BigEndian(to, NbdProtocol.OptionMagic);
        BinaryPrimitives.WriteUInt32BigEndian(to[8..], (uint)Option);
    }

    /// <summary>False when the magic is wrong.</summary>
    public static bool TryRead(ReadOnlySpan<byte> from, out NbdOptionHeader header)
    {
        header = new NbdOptionHeader(
            (NbdOption)BinaryPrimitives.ReadUInt32BigEndian(from[8..]),
            BinaryPrimitives.ReadUInt32BigEndian(from[12..]));
        return BinaryPrimitives.ReadUInt64BigEndian(from) == NbdProtocol.OptionMagic;
    }
}

/// <summary>A reply to an option: 20 bytes, then its data.</summary>
public readonly record struct NbdOptionReplyHeader(
    NbdOption Option, NbdOptionReply Reply, uint Length)
{
    public bool IsError => ((uint)Reply & (uint)NbdOptionReply.Error) != 0;

    /// <summary>Writes <see cref="NbdProtocol.OptionReplyHeaderSize"/> bytes.</summary>
    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt32BigEndian(to[16..], Length);
        BinaryPrimitives.WriteUInt64BigEndian(to, NbdProtocol.OptionReplyMagic);
        BinaryPrimitives.WriteUInt32BigEndian(to[8..], (uint)Option);
        BinaryPrimitives.WriteUInt32BigEndian(to[12..], (uint)Reply);
    }

    /// <summary>False when the magic is wrong.</summary>
    public static bool TryRead(ReadOnlySpan<byte> from, out NbdOptionReplyHeader header)
    {
        header = new NbdOptionReplyHeader(
            (NbdOption)BinaryPrimitives.ReadUInt32BigEndian(from[8..]),
            (NbdOptionReply)BinaryPrimitives.ReadUInt32BigEndian(from[12..]),
            BinaryPrimitives.ReadUInt32BigEndian(from[16..]));
        return BinaryPrimitives.ReadUInt64BigEndian(from) == NbdProtocol.OptionReplyMagic;
    }
}
