// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using Braid.Wire.Nbd;

namespace Braid.Tests.Fuzz;

/// <summary>
/// Which lies of a hostile server nobody could see through: other data in the protocol's form, a
/// success of what was not done, a length that lets one message end in the next. Only these excuse
/// wrong data; each other lie must be found out.
/// </summary>
internal sealed class ServerHonesty(byte[] volume)
{
    private readonly HashSet<ulong> _done = [];

    /// <summary>Data that comes from it may be anything.</summary>
    public bool MayDiffer { get; private set; }

    /// <summary>It has reported errors, or what could be taken for one.</summary>
    public bool MayFail { get; private set; }

    /// <summary>What clients were told of the volume may be anything.</summary>
    public bool HasLiedEarly { get; private set; }

    /// <summary>A request was received whole, and done.</summary>
    public void Done(ulong cookie) => _done.Add(cookie);

    /// <summary>An honest error.</summary>
    public void Failed() => MayFail = true;

    /// <summary>In the handshake. It excuses no data and no error: no reply is due yet.</summary>
    public void LieEarly() => HasLiedEarly = true;

    /// <summary>A message goes out after the messages before it, or without them.</summary>
    public void Send(WireMessage message, bool isStructured)
    {
        if (message.IsRight) return;
        if (message.IsEarly) LieEarly();
        else if (isStructured && message.Get("magic") == NbdProtocol.StructuredReplyMagic
            && message.Bytes.Length >= NbdProtocol.ChunkHeaderSize
            && NbdChunk.Read(message.Bytes) is var chunk
            && chunk.Length == message.Bytes.Length - NbdProtocol.ChunkHeaderSize)
            SendChunk(chunk, message.Bytes.AsSpan(NbdProtocol.ChunkHeaderSize));
        else if (isStructured && message.Get("magic") == NbdProtocol.SimpleReplyMagic
            && message.Bytes.Length == NbdProtocol.SimpleReplySize)
            SendSimple(NbdSimpleReply.Read(message.Bytes));
        else
            MayDiffer = MayFail = true;
    }

    private void SendSimple(NbdSimpleReply reply)
    {
        if (reply.Error != NbdError.None) MayFail = true;
        else if (!_done.Contains(reply.Cookie)) MayDiffer = true;
    }

    private void SendChunk(NbdChunk chunk, ReadOnlySpan<byte> payload)
    {
        if (!_done.Contains(chunk.Cookie)) MayDiffer = true;
        if (chunk.IsError) MayFail = true;
        else if (chunk.Type == NbdChunkType.OffsetData && payload.Length >= 8)
            MayDiffer |= !IsStored(Offset(payload), payload[8..]);
        else if (chunk.Type == NbdChunkType.OffsetHole && payload.Length == 12)
            MayDiffer |= !IsZero(
                Offset(payload), BinaryPrimitives.ReadUInt32BigEndian(payload[8..]));
    }

    private static ulong Offset(ReadOnlySpan<byte> payload) =>
        BinaryPrimitives.ReadUInt64BigEndian(payload);

    private bool IsStored(ulong offset, ReadOnlySpan<byte> data) =>
        IsWithin(offset, (ulong)data.Length)
        && volume.AsSpan((int)offset, data.Length).SequenceEqual(data);

    private bool IsZero(ulong offset, ulong length) => IsWithin(offset, length)
        && !volume.AsSpan((int)offset, (int)length).ContainsAnyExcept((byte)0);

    private bool IsWithin(ulong offset, ulong length) =>
        length <= (ulong)volume.Length && offset <= (ulong)volume.Length - length;
}
