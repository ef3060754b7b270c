// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Tests.Simulation;

/// <summary>
/// An NBD server that says what a test tells it to, right or wrong: for the faults that no real
/// server can make.
/// </summary>
internal sealed class ScriptedServer
{
    private readonly Listener _listener;

    public ScriptedServer(
        SimulatedLoop loop, SimulatedNetwork network, Endpoint endpoint, long size,
        Func<ScriptedServer, Task> script)
    {
        _listener = network.Listen(endpoint);
        Size = size;
        loop.Post(() => network.Offload(() => RunAsync(script)));
    }

    public long Size { get; }

    public bool StructuredReplies { get; init; } = true;

    public NbdTransmissionFlags Flags { get; init; } = NbdTransmissionFlags.HasFlags
        | NbdTransmissionFlags.SendFlush | NbdTransmissionFlags.SendFua;

    /// <summary>Connections that have shaken hands.</summary>
    public int Sessions { get; private set; }

    private Connection Client { get; set; } = null!;

    public async Task<NbdRequest> RequestAsync()
    {
        byte[] bytes = await ReadAsync(NbdProtocol.RequestSize);
        NbdRequest.TryRead(bytes, out NbdRequest request).ShouldBeTrue();
        return request;
    }

    public async Task<byte[]> ReadAsync(int count)
    {
        byte[] bytes = new byte[count];
        await Client.ReadExactlyAsync(bytes, CancellationToken.None).ConfigureAwait(false);
        return bytes;
    }

    public ValueTask SendAsync(byte[] bytes) => Client.WriteAsync(bytes, CancellationToken.None);

    public ValueTask ReplyAsync(ulong cookie, NbdError error)
    {
        byte[] bytes = new byte[NbdProtocol.SimpleReplySize];
        new NbdSimpleReply(error, cookie).Write(bytes);
        return SendAsync(bytes);
    }

    public ValueTask ChunkAsync(
        ulong cookie, NbdChunkType type, bool done, params ReadOnlySpan<byte> payload)
    {
        byte[] bytes = new byte[NbdProtocol.ChunkHeaderSize + payload.Length];
        NbdChunkFlags flags = done ? NbdChunkFlags.Done : NbdChunkFlags.None;
        new NbdChunk(flags, type, cookie, (uint)payload.Length).Write(bytes);
        payload.CopyTo(bytes.AsSpan(NbdProtocol.ChunkHeaderSize));
        return SendAsync(bytes);
    }

    public ValueTask DataAsync(ulong cookie, ulong offset, byte[] data, bool done)
    {
        byte[] payload = new byte[NbdProtocol.ChunkOffsetSize + data.Length];
        BinaryPrimitives.WriteUInt64BigEndian(payload, offset);
        data.CopyTo(payload, NbdProtocol.ChunkOffsetSize);
        return ChunkAsync(cookie, NbdChunkType.OffsetData, done, payload);
    }

    public ValueTask HoleAsync(ulong cookie, ulong offset, uint length, bool done)
    {
        byte[] payload = new byte[NbdProtocol.ChunkOffsetSize + sizeof(uint)];
        BinaryPrimitives.WriteUInt64BigEndian(payload, offset);
        BinaryPrimitives.WriteUInt32BigEndian(
            payload.AsSpan(NbdProtocol.ChunkOffsetSize), length);
        return ChunkAsync(cookie, NbdChunkType.OffsetHole, done, payload);
    }

    public ValueTask ErrorAsync(ulong cookie, NbdError error, bool done)
    {
        byte[] payload = new byte[sizeof(uint) + sizeof(ushort)];
        BinaryPrimitives.WriteUInt32BigEndian(payload, (uint)error);
        return ChunkAsync(cookie, NbdChunkType.Error, done, payload);
    }

    private async Task RunAsync(Func<ScriptedServer, Task> script)
    {
        while (true)
        {
            Client = await _listener.AcceptAsync(CancellationToken.None).ConfigureAwait(false);
            try
            {
                await ShakeHandsAsync().ConfigureAwait(false);
                Sessions++;
                await script(this).ConfigureAwait(false);
            }
            catch (EndOfStreamException)
            {
                // The client has had enough; the next one may come.
            }
        }
    }

    private async Task ShakeHandsAsync()
    {
        byte[] greeting = new byte[18];
        BinaryPrimitives.WriteUInt64BigEndian(greeting, NbdProtocol.InitMagic);
        BinaryPrimitives.WriteUInt64BigEndian(greeting.AsSpan(8), NbdProtocol.OptionMagic);
        BinaryPrimitives.WriteUInt16BigEndian(greeting.AsSpan(16), 3);
        await SendAsync(greeting);
        await ReadAsync(4);
        while (true)
        {
            byte[] bytes = await ReadAsync(NbdProtocol.OptionHeaderSize);
            NbdOptionHeader.TryRead(bytes, out NbdOptionHeader option).ShouldBeTrue();
            await ReadAsync((int)option.Length);
            if (await AnswerAsync(option.Option)) return;
        }
    }

    /// <summary>True after GO.</summary>
    private async Task<bool> AnswerAsync(NbdOption option)
    {
        switch (option)
        {
            case NbdOption.StructuredReply:
                await OptionReplyAsync(
                    option,
                    StructuredReplies ? NbdOptionReply.Ack : NbdOptionReply.Unsupported, []);
                return false;
            case NbdOption.Go:
                byte[] info = new byte[12];
                BinaryPrimitives.WriteUInt64BigEndian(info.AsSpan(2), (ulong)Size);
                BinaryPrimitives.WriteUInt16BigEndian(info.AsSpan(10), (ushort)Flags);
                await OptionReplyAsync(option, NbdOptionReply.Info, info);
                await OptionReplyAsync(option, NbdOptionReply.Ack, []);
                return true;
            default:
                await OptionReplyAsync(option, NbdOptionReply.Unsupported, []);
                return false;
        }
    }

    private ValueTask OptionReplyAsync(NbdOption option, NbdOptionReply reply, byte[] body)
    {
        byte[] message = new byte[NbdProtocol.OptionReplyHeaderSize + body.Length];
        new NbdOptionReplyHeader(option, reply, (uint)body.Length).Write(message);
        body.CopyTo(message, NbdProtocol.OptionReplyHeaderSize);
        return SendAsync(message);
    }
}
