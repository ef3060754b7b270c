// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using Braid.Wire.Nbd;

namespace Braid.Tests.Fuzz;

/// <summary>
/// A message of an NBD server, with the places of its fields: right when it is made, and what an
/// edit has left of it when it goes out.
/// </summary>
internal sealed class WireMessage
{
    private readonly Dictionary<string, (int At, int Size)> _fields = new(StringComparer.Ordinal);
    private readonly byte[] _right;

    private WireMessage(byte[] bytes)
    {
        _right = bytes;
        Bytes = bytes;
    }

    public byte[] Bytes { get; set; }

    public bool IsRight => Bytes.AsSpan().SequenceEqual(_right);

    /// <summary>Of the handshake.</summary>
    public bool IsEarly { get; private init; }

    public static WireMessage Greeting()
    {
        byte[] bytes = new byte[18];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, NbdProtocol.InitMagic);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), NbdProtocol.OptionMagic);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(16), 3);
        return new WireMessage(bytes) { IsEarly = true }
            .With("magic", 0, 8).With("offset", 8, 8).With("flags", 16, 2);
    }

    public static WireMessage OptionReply(NbdOption option, NbdOptionReply reply, byte[] body)
    {
        byte[] bytes = new byte[NbdProtocol.OptionReplyHeaderSize + body.Length];
        new NbdOptionReplyHeader(option, reply, (uint)body.Length).Write(bytes);
        body.CopyTo(bytes, NbdProtocol.OptionReplyHeaderSize);
        WireMessage message = new WireMessage(bytes) { IsEarly = true }
            .With("magic", 0, 8).With("cookie", 8, 4).With("type", 12, 4).With("length", 16, 4);
        return body.Length switch
        {
            12 => message.With("info", 20, 2).With("size", 22, 8).With("flags", 30, 2),
            14 => message.With("info", 20, 2).With("size", 22, 4).With("offset", 30, 4),
            _ => message,
        };
    }

    public static WireMessage Simple(NbdError error, ulong cookie, ReadOnlySpan<byte> data)
    {
        byte[] bytes = new byte[NbdProtocol.SimpleReplySize + data.Length];
        new NbdSimpleReply(error, cookie).Write(bytes);
        data.CopyTo(bytes.AsSpan(NbdProtocol.SimpleReplySize));
        return new WireMessage(bytes)
            .With("magic", 0, 4).With("error", 4, 4).With("cookie", 8, 8);
    }

    public static WireMessage Chunk(
        ulong cookie, NbdChunkType type, bool isDone, params ReadOnlySpan<byte> payload)
    {
        byte[] bytes = new byte[NbdProtocol.ChunkHeaderSize + payload.Length];
        NbdChunkFlags flags = isDone ? NbdChunkFlags.Done : NbdChunkFlags.None;
        new NbdChunk(flags, type, cookie, (uint)payload.Length).Write(bytes);
        payload.CopyTo(bytes.AsSpan(NbdProtocol.ChunkHeaderSize));
        WireMessage message = new WireMessage(bytes).With("magic", 0, 4).With("flags", 4, 2)
            .With("type", 6, 2).With("cookie", 8, 8).With("length", 16, 4);
        return type switch
        {
            NbdChunkType.OffsetData => message.With("offset", 20, 8),
            NbdChunkType.OffsetHole => message.With("offset", 20, 8).With("size", 28, 4),
            NbdChunkType.BlockStatus => message.With("error", 20, 4).With("size", 24, 4),
            NbdChunkType.Error => message.With("error", 20, 4).With("size", 24, 2),
            _ => message,
        };
    }

    public ulong? Get(string field)
    {
        if (!_fields.TryGetValue(field, out (int At, int Size) place)) return null;
        if (place.At + place.Size > Bytes.Length) return null;
        ulong value = 0;
        foreach (byte one in Bytes.AsSpan(place.At, place.Size)) value = (value << 8) | one;
        return value;
    }

    /// <summary>Sets a field; one that the message does not have is left.</summary>
    public void Set(string field, ulong value)
    {
        if (Get(field) is null) return;
        (int at, int size) = _fields[field];
        Bytes = [.. Bytes];
        for (int i = at + size - 1; i >= at; i--, value >>= 8) Bytes[i] = (byte)value;
    }

    private WireMessage With(string field, int at, int size)
    {
        _fields[field] = (at, size);
        return this;
    }
}
