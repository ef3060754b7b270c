// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using System.Text;
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Transports.Nbd;

/// <summary>
/// The client's side of the fixed newstyle handshake (NBD proto, "Handshake"): structured replies,
/// base:allocation, then GO, or EXPORT_NAME with a server that does not know GO. Every length from
/// the server is bounded before it is used.
/// </summary>
internal sealed class NbdClientHandshake(
    Connection connection, string export, CancellationToken cancel)
{
    private NbdSession _session = new();
    private bool _noZeroes;

    public async ValueTask<NbdSession> RunAsync()
    {
        bool fixedNewstyle = await GreetAsync().ConfigureAwait(false);
        if (fixedNewstyle)
        {
            await AskStructuredRepliesAsync().ConfigureAwait(false);
            if (_session.StructuredReplies) await AskAllocationAsync().ConfigureAwait(false);
            if (await GoAsync().ConfigureAwait(false)) return Checked();
        }
        await ExportNameAsync().ConfigureAwait(false);
        return Checked();
    }

    private static NbdException Fault(string what) =>
        new($"the server breaks the NBD protocol: {what}");

    private async ValueTask<bool> GreetAsync()
    {
        byte[] greeting = await ReadAsync(18).ConfigureAwait(false);
        if (BinaryPrimitives.ReadUInt64BigEndian(greeting) != NbdProtocol.InitMagic)
            throw Fault("wrong magic, is it an NBD server?");
        ulong magic = BinaryPrimitives.ReadUInt64BigEndian(greeting.AsSpan(8));
        if (magic == NbdProtocol.OldstyleMagic)
            throw new NbdException("the server speaks oldstyle NBD only, which has no options");
        if (magic != NbdProtocol.OptionMagic) throw Fault("wrong option magic");
        var flags = (NbdHandshakeFlags)BinaryPrimitives.ReadUInt16BigEndian(greeting.AsSpan(16));
        var known = NbdHandshakeFlags.FixedNewstyle | NbdHandshakeFlags.NoZeroes;
        _noZeroes = (flags & NbdHandshakeFlags.NoZeroes) != 0;
        byte[] answer = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(answer, (uint)(flags & known));
        await connection.WriteAsync(answer, cancel).ConfigureAwait(false);
        return (flags & NbdHandshakeFlags.FixedNewstyle) != 0;
    }

    private async ValueTask AskStructuredRepliesAsync()
    {
        await SendAsync(NbdOption.StructuredReply, []).ConfigureAwait(false);
        (NbdOptionReplyHeader reply, _) = await ReplyAsync(NbdOption.StructuredReply)
            .ConfigureAwait(false);
        _session = _session with { StructuredReplies = reply.Reply == NbdOptionReply.Ack };
    }

    private async ValueTask AskAllocationAsync()
    {
        const NbdOption Option = NbdOption.SetMetaContext;
        byte[] name = Encoding.UTF8.GetBytes(export);
        byte[] query = Encoding.UTF8.GetBytes(NbdProtocol.AllocationContext);
        byte[] data = new byte[4 + name.Length + 4 + 4 + query.Length];
        Span<byte> rest = PutString(data, name);
        BinaryPrimitives.WriteUInt32BigEndian(rest, 1);
        PutString(rest[4..], query);
        await SendAsync(Option, data).ConfigureAwait(false);
        while (true)
        {
            (NbdOptionReplyHeader reply, byte[] body) = await ReplyAsync(Option)
                .ConfigureAwait(false);
            if (reply.Reply == NbdOptionReply.Ack || reply.IsError) return;
            if (reply.Reply != NbdOptionReply.MetaContext || body.Length < 4)
                throw Fault("an odd reply to SET_META_CONTEXT");
            if (Encoding.UTF8.GetString(body.AsSpan(4)) != NbdProtocol.AllocationContext) continue;
            uint id = BinaryPrimitives.ReadUInt32BigEndian(body);
            _session = _session with { AllocationContext = id };
        }
    }

    /// <summary>False when the server does not know GO.</summary>
    private async ValueTask<bool> GoAsync()
    {
        byte[] name = Encoding.UTF8.GetBytes(export);
        byte[] data = new byte[4 + name.Length + 4];
        Span<byte> rest = PutString(data, name);
        BinaryPrimitives.WriteUInt16BigEndian(rest, 1);
        BinaryPrimitives.WriteUInt16BigEndian(rest[2..], (ushort)NbdInfo.BlockSize);
        await SendAsync(NbdOption.Go, data).ConfigureAwait(false);
        bool sawExport = false;
        while (true)
        {
            (NbdOptionReplyHeader reply, byte[] body) = await ReplyAsync(NbdOption.Go)
                .ConfigureAwait(false);
            switch (reply.Reply)
            {
                case NbdOptionReply.Ack when sawExport:
                    return true;
                case NbdOptionReply.Ack:
                    throw Fault("GO was acknowledged without the export's size");
                case NbdOptionReply.Info:
                    sawExport |= TakeInfo(body);
                    break;
                case NbdOptionReply.Unsupported:
                    return false;
                default:
                    throw Refusal(reply, body);
            }
        }
    }

    /// <summary>True when it was the export's size.</summary>
    private bool TakeInfo(ReadOnlySpan<byte> body)
    {
        if (body.Length < 2) throw Fault("an INFO reply without its type");
        var info = (NbdInfo)BinaryPrimitives.ReadUInt16BigEndian(body);
        switch (info)
        {
            case NbdInfo.Export when body.Length == 12:
                TakeExport(body[2..]);
                return true;
            case NbdInfo.BlockSize when body.Length == 14:
                _session = _session with
                {
                    MinBlock = BinaryPrimitives.ReadUInt32BigEndian(body[2..]),
                    MaxPayload = BinaryPrimitives.ReadUInt32BigEndian(body[10..]),
                };
                return false;
            case NbdInfo.Export or NbdInfo.BlockSize:
                throw Fault($"an INFO reply of {body.Length} bytes");
            case NbdInfo.Name or NbdInfo.Description:
            default:
                return false;
        }
    }

    private async ValueTask ExportNameAsync()
    {
        await SendAsync(NbdOption.ExportName, Encoding.UTF8.GetBytes(export))
            .ConfigureAwait(false);
        byte[] body = await ReadAsync(_noZeroes ? 10 : 10 + 124).ConfigureAwait(false);
        TakeExport(body);
    }

    private void TakeExport(ReadOnlySpan<byte> body)
    {
        ulong size = BinaryPrimitives.ReadUInt64BigEndian(body);
        if (size > long.MaxValue) throw Fault($"a size of {size} bytes");
        _session = _session with
        {
            SizeBytes = (long)size,
            Flags = (NbdTransmissionFlags)BinaryPrimitives.ReadUInt16BigEndian(body[8..]),
        };
    }

    private NbdSession Checked()
    {
        uint block = _session.MinBlock;
        if (block is 0 or > 64 * 1024 || !uint.IsPow2(block))
            throw Fault($"a minimum block size of {block} bytes");
        if (_session.MaxPayload < Math.Max(block, NbdSession.LeastPayload))
            throw Fault($"a maximum block size of {_session.MaxPayload} bytes");
        if (_session.SizeBytes == 0) throw new NbdException("the export is empty");
        return _session;
    }

    private NbdException Refusal(NbdOptionReplyHeader reply, byte[] body)
    {
        if (!reply.IsError) return Fault($"reply {(uint)reply.Reply} to GO");
        string text = Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 200)));
        return reply.Reply switch
        {
            NbdOptionReply.Unknown => new($"the server has no export '{export}' {text}".TrimEnd()),
            NbdOptionReply.TlsRequired => new("the server wants TLS, which is not supported yet"),
            _ => new($"the server refuses the export: {reply.Reply} {text}".TrimEnd()),
        };
    }

    private async ValueTask SendAsync(NbdOption option, byte[] data)
    {
        byte[] message = new byte[NbdProtocol.OptionHeaderSize + data.Length];
        new NbdOptionHeader(option, (uint)data.Length).Write(message);
        data.CopyTo(message, NbdProtocol.OptionHeaderSize);
        await connection.WriteAsync(message, cancel).ConfigureAwait(false);
    }

    private async ValueTask<(NbdOptionReplyHeader Header, byte[] Body)> ReplyAsync(
        NbdOption option)
    {
        byte[] bytes = await ReadAsync(NbdProtocol.OptionReplyHeaderSize).ConfigureAwait(false);
        if (!NbdOptionReplyHeader.TryRead(bytes, out NbdOptionReplyHeader header))
            throw Fault("wrong magic in a reply to an option");
        if (header.Option != option) throw Fault($"a reply to option {(uint)header.Option}");
        if (header.Length > NbdProtocol.MaxOptionData)
            throw Fault($"a reply of {header.Length} bytes to an option");
        return (header, await ReadAsync((int)header.Length).ConfigureAwait(false));
    }

    private async ValueTask<byte[]> ReadAsync(int count)
    {
        byte[] bytes = new byte[count];
        await connection.ReadExactlyAsync(bytes, cancel).ConfigureAwait(false);
        return bytes;
    }

    private static Span<byte> PutString(Span<byte> to, byte[] text)
    {
        BinaryPrimitives.WriteUInt32BigEndian(to, (uint)text.Length);
        text.CopyTo(to[4..]);
        return to[(4 + text.Length)..];
    }
}
