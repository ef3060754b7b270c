// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using System.Text;
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Tests.Simulation;

/// <summary>The server's side of the handshake, as each kind of server does it.</summary>
internal sealed class SimHandshake(Connection client, SimServerKind kind, long sizeBytes)
{
    /// <summary>NBD_FLAG_FIXED_NEWSTYLE and NBD_FLAG_NO_ZEROES.</summary>
    private const ushort Flags = 3;

    /// <summary>Structured replies were agreed on.</summary>
    public bool IsStructured { get; private set; }

    public async Task RunAsync()
    {
        byte[] greeting = new byte[18];
        BinaryPrimitives.WriteUInt64BigEndian(greeting, NbdProtocol.InitMagic);
        BinaryPrimitives.WriteUInt64BigEndian(greeting.AsSpan(8), NbdProtocol.OptionMagic);
        BinaryPrimitives.WriteUInt16BigEndian(greeting.AsSpan(16), Flags);
        await SendAsync(greeting).ConfigureAwait(false);
        await ReadAsync(4).ConfigureAwait(false);
        while (!await AnswerAsync().ConfigureAwait(false))
        {
            // The next option.
        }
    }

    /// <summary>True when it was the last option.</summary>
    private async Task<bool> AnswerAsync()
    {
        byte[] bytes = await ReadAsync(NbdProtocol.OptionHeaderSize).ConfigureAwait(false);
        NbdOptionHeader.TryRead(bytes, out NbdOptionHeader header).ShouldBeTrue();
        await ReadAsync((int)header.Length).ConfigureAwait(false);
        switch (header.Option)
        {
            case NbdOption.StructuredReply when kind.StructuredReplies:
                IsStructured = true;
                await ReplyAsync(header.Option, NbdOptionReply.Ack, []).ConfigureAwait(false);
                return false;
            case NbdOption.SetMetaContext when kind.ListsExtents && IsStructured:
                await ReplyAsync(header.Option, NbdOptionReply.MetaContext, Context())
                    .ConfigureAwait(false);
                await ReplyAsync(header.Option, NbdOptionReply.Ack, []).ConfigureAwait(false);
                return false;
            case NbdOption.Go when kind.KnowsGo:
                await ReplyAsync(header.Option, NbdOptionReply.Info, Export(2))
                    .ConfigureAwait(false);
                if (kind.TellsBlockSize)
                    await ReplyAsync(header.Option, NbdOptionReply.Info, BlockSize())
                        .ConfigureAwait(false);
                await ReplyAsync(header.Option, NbdOptionReply.Ack, []).ConfigureAwait(false);
                return true;
            case NbdOption.ExportName:
                await SendAsync(Export(0)).ConfigureAwait(false);
                return true;
            default:
                await ReplyAsync(header.Option, NbdOptionReply.Unsupported, [])
                    .ConfigureAwait(false);
                return false;
        }
    }

    private byte[] Export(int at)
    {
        byte[] info = new byte[at + 10];
        BinaryPrimitives.WriteUInt64BigEndian(info.AsSpan(at), (ulong)sizeBytes);
        BinaryPrimitives.WriteUInt16BigEndian(info.AsSpan(at + 8), (ushort)kind.Flags);
        return info;
    }

    private static byte[] Context()
    {
        byte[] name = Encoding.UTF8.GetBytes(NbdProtocol.AllocationContext);
        byte[] body = new byte[4 + name.Length];
        BinaryPrimitives.WriteUInt32BigEndian(body, SimReplies.ContextId);
        name.CopyTo(body, 4);
        return body;
    }

    private byte[] BlockSize()
    {
        byte[] info = new byte[14];
        BinaryPrimitives.WriteUInt16BigEndian(info, (ushort)NbdInfo.BlockSize);
        BinaryPrimitives.WriteUInt32BigEndian(info.AsSpan(2), (uint)kind.MinBlock);
        BinaryPrimitives.WriteUInt32BigEndian(info.AsSpan(6), 4096);
        BinaryPrimitives.WriteUInt32BigEndian(info.AsSpan(10), (uint)kind.MaxPayload);
        return info;
    }

    private async Task<byte[]> ReadAsync(int count)
    {
        byte[] bytes = new byte[count];
        await client.ReadExactlyAsync(bytes, CancellationToken.None).ConfigureAwait(false);
        return bytes;
    }

    private ValueTask SendAsync(byte[] bytes) => client.WriteAsync(bytes, CancellationToken.None);

    private ValueTask ReplyAsync(NbdOption option, NbdOptionReply reply, byte[] body)
    {
        byte[] message = new byte[NbdProtocol.OptionReplyHeaderSize + body.Length];
        new NbdOptionReplyHeader(option, reply, (uint)body.Length).Write(message);
        body.CopyTo(message, NbdProtocol.OptionReplyHeaderSize);
        return SendAsync(message);
    }
}
