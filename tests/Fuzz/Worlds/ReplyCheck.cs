// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using Braid.Wire.Nbd;

namespace Braid.Tests.Fuzz;

/// <summary>
/// What our server may say to a client that has said anything: replies in the protocol's form, to
/// options in their order, to commands that were sent, once each. A second reading of the protocol,
/// by somebody who has all bytes at hand.
/// </summary>
internal ref struct ReplyCheck
{
    private readonly List<(ulong Cookie, NbdCommand Command, uint Length)> _commands = [];
    private ReadOnlySpan<byte> _sent;
    private ReadOnlySpan<byte> _received;

    /// <summary>Two commands have one cookie: which one is answered cannot be told.</summary>
    private bool _isAmbiguous;

    /// <summary>It was let in, and has said nothing that it could be cut off for.</summary>
    private bool _isInStep;

    private ReplyCheck(ReadOnlySpan<byte> sent, ReadOnlySpan<byte> received)
    {
        _sent = sent;
        _received = received;
    }

    /// <param name="sent">By the client, all of it.</param>
    /// <param name="received">By the client, all of it.</param>
    /// <param name="isOpen">It has not gone: all that can be answered was.</param>
    /// <param name="isLeft">The server has cut it off.</param>
    public static void Check(
        ReadOnlySpan<byte> sent, ReadOnlySpan<byte> received, bool isOpen, bool isLeft)
    {
        var check = new ReplyCheck(sent, received);
        if (received.Length < 18 || sent.Length < 4) return;
        check._received = received[18..];
        check._sent = sent[4..];
        bool noZeroes = (sent[3] & 2) != 0;
        if (received.Length == 18 || !check.Options(noZeroes, out bool structured)) return;
        check.Transmission(structured, isOpen && !isLeft);
        That(!isOpen || !isLeft || !check._isInStep, "cut off, and has broken no rule");
    }

    private static void That(bool condition, string what)
    {
        if (!condition) throw new FuzzException($"to a hostile client: {what}");
    }

    /// <summary>True when they end in the transmission phase.</summary>
    private bool Options(bool noZeroes, out bool structured)
    {
        structured = false;
        while (_sent.Length >= NbdProtocol.OptionHeaderSize
            && NbdOptionHeader.TryRead(_sent, out NbdOptionHeader option))
        {
            int size = NbdProtocol.OptionHeaderSize + (int)Math.Min(option.Length, 1 << 20);
            if (_sent.Length < size) break;
            _sent = _sent[size..];
            if (option.Option == NbdOption.ExportName)
            {
                int answer = noZeroes ? 10 : 10 + 124;
                if (_received.Length >= answer) _received = _received[answer..];
                else That(_received.Length == 0, "half an answer to EXPORT_NAME");
                return true;
            }
            if (LastReply(option.Option) is not { } reply) return false;
            bool isAck = reply == NbdOptionReply.Ack;
            if (option.Option == NbdOption.StructuredReply) structured |= isAck;
            if (option.Option == NbdOption.Go && isAck) return true;
            if (option.Option == NbdOption.Abort) break;
        }
        That(_received.Length == 0, $"{_received.Length} bytes that answer no option");
        return false;
    }

    /// <summary>Null when the server has said no more: it has cut the client off.</summary>
    private NbdOptionReply? LastReply(NbdOption option)
    {
        while (_received.Length > 0)
        {
            That(_received.Length >= NbdProtocol.OptionReplyHeaderSize, "half an option reply");
            That(NbdOptionReplyHeader.TryRead(_received, out NbdOptionReplyHeader reply),
                "wrong magic in an option reply");
            That(reply.Option == option, $"a reply to {reply.Option}, not to {option}");
            int size = NbdProtocol.OptionReplyHeaderSize + (int)reply.Length;
            That(reply.Length < 10_000 && _received.Length >= size, "half an option reply");
            _received = _received[size..];
            if (reply.IsError || reply.Reply == NbdOptionReply.Ack) return reply.Reply;
        }
        return null;
    }

    private void Transmission(bool structured, bool isOver)
    {
        TakeCommands();
        while (_received.Length > 0 && !_isAmbiguous)
        {
            That(_received.Length >= sizeof(uint), "half a reply");
            uint magic = BinaryPrimitives.ReadUInt32BigEndian(_received);
            if (magic == NbdProtocol.SimpleReplyMagic) Simple(structured);
            else Chunk(structured, magic);
        }
        That(!isOver || _isAmbiguous || _commands.Count == 0,
            $"{_commands.Count} commands are not answered");
    }

    /// <summary>The whole ones, as far as the server follows.</summary>
    private void TakeCommands()
    {
        while (_sent.Length >= NbdProtocol.RequestSize
            && NbdRequest.TryRead(_sent, out NbdRequest request)
            && request.Command != NbdCommand.Disconnect)
        {
            long size = NbdProtocol.RequestSize;
            bool isWrite = request.Command == NbdCommand.Write;
            if (isWrite) size += request.Length;
            // One that is refused is answered before its payload has come.
            _isInStep = true;
            if (_sent.Length < size && !IsRefused(request)) return;
            _isAmbiguous |= _commands.Exists(other => other.Cookie == request.Cookie
                && (other.Command, other.Length) != (request.Command, request.Length));
            _commands.Add((request.Cookie, request.Command, request.Length));
            if (_sent.Length < size) return;
            _sent = _sent[(int)size..];
        }
        // What is left is part of a command, or it says goodbye, or nonsense.
        _isInStep &= _sent.Length < NbdProtocol.RequestSize;
    }

    private static bool IsRefused(NbdRequest request) =>
        ((ushort)request.Flags & ~0x1f) != 0 || request.Length == 0
        || request.Offset > ServerWorld.HalfBytes
        || request.Length > ServerWorld.HalfBytes - request.Offset
        || ((request.Offset | request.Length) & (FuzzVolume.Block - 1)) != 0;

    private void Simple(bool structured)
    {
        That(_received.Length >= NbdProtocol.SimpleReplySize, "half a simple reply");
        NbdSimpleReply reply = NbdSimpleReply.Read(_received);
        _received = _received[NbdProtocol.SimpleReplySize..];
        (NbdCommand command, uint length) = Answered(reply.Cookie, command => !structured
            || command is not (NbdCommand.Read or NbdCommand.BlockStatus));
        if (command != NbdCommand.Read || reply.Error != NbdError.None) return;
        That(_received.Length >= length, "half the data of a read");
        _received = _received[(int)length..];
    }

    private void Chunk(bool structured, uint magic)
    {
        That(structured && magic == NbdProtocol.StructuredReplyMagic, "wrong magic in a reply");
        That(_received.Length >= NbdProtocol.ChunkHeaderSize, "half a chunk");
        NbdChunk chunk = NbdChunk.Read(_received);
        _received = _received[NbdProtocol.ChunkHeaderSize..];
        That(chunk.IsDone, "a chunk that is not the last");
        That(_received.Length >= chunk.Length, "half a chunk's payload");
        _received = _received[(int)chunk.Length..];
        (_, uint length) = Answered(chunk.Cookie, command => chunk.Type switch
        {
            NbdChunkType.OffsetData => command == NbdCommand.Read,
            NbdChunkType.BlockStatus => command == NbdCommand.BlockStatus,
            NbdChunkType.Error => command is NbdCommand.Read or NbdCommand.BlockStatus,
            _ => false,
        });
        That(chunk.Type != NbdChunkType.OffsetData || chunk.Length > NbdProtocol.ChunkOffsetSize,
            $"data of {chunk.Length} bytes for a read of {length}");
    }

    /// <summary>The command that a reply answers; several may have one cookie.</summary>
    private readonly (NbdCommand Command, uint Length) Answered(
        ulong cookie, Func<NbdCommand, bool> fits)
    {
        int index = _commands.FindIndex(
            sent => sent.Cookie == cookie && fits(sent.Command));
        That(index >= 0, $"a reply with cookie {cookie:x} that answers nothing");
        (_, NbdCommand command, uint length) = _commands[index];
        _commands.RemoveAt(index);
        return (command, length);
    }
}
