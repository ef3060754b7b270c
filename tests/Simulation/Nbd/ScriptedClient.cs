// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using System.Text;
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Tests.Simulation;

/// <summary>An NBD client that says what a test tells it to, right or wrong.</summary>
internal sealed class ScriptedClient
{
    private readonly SimulatedLoop _loop;
    private readonly Connection _connection;

    private ScriptedClient(SimulatedLoop loop, Connection connection)
    {
        _loop = loop;
        _connection = connection;
    }

    /// <summary>Connects and takes the greeting.</summary>
    public static ScriptedClient Connect(
        SimulatedLoop loop, SimulatedNetwork network, Endpoint endpoint)
    {
        Connection connection = Await(
            loop, network.ConnectAsync(endpoint, CancellationToken.None).AsTask());
        var client = new ScriptedClient(loop, connection);
        byte[] greeting = client.Read(18);
        BinaryPrimitives.ReadUInt64BigEndian(greeting).ShouldBe(NbdProtocol.InitMagic);
        client.SendUInt32(3);
        return client;
    }

    /// <summary>Shakes hands with GO.</summary>
    public ScriptedClient Go(string export, bool structured)
    {
        if (structured)
            Option(NbdOption.StructuredReply, []).ShouldBe(NbdOptionReply.Ack);
        Option(NbdOption.Go, NameAndNoInfo(export)).ShouldBe(NbdOptionReply.Ack);
        return this;
    }

    public static byte[] NameAndNoInfo(string export)
    {
        byte[] name = Encoding.UTF8.GetBytes(export);
        byte[] data = new byte[4 + name.Length + 2];
        BinaryPrimitives.WriteUInt32BigEndian(data, (uint)name.Length);
        name.CopyTo(data, 4);
        return data;
    }

    /// <summary>Sends an option and returns its last reply.</summary>
    public NbdOptionReply Option(NbdOption option, byte[] data)
    {
        byte[] message = new byte[NbdProtocol.OptionHeaderSize + data.Length];
        new NbdOptionHeader(option, (uint)data.Length).Write(message);
        data.CopyTo(message, NbdProtocol.OptionHeaderSize);
        Send(message);
        while (true)
        {
            byte[] bytes = Read(NbdProtocol.OptionReplyHeaderSize);
            NbdOptionReplyHeader.TryRead(bytes, out NbdOptionReplyHeader reply).ShouldBeTrue();
            reply.Option.ShouldBe(option);
            Read((int)reply.Length);
            if (reply.IsError || reply.Reply == NbdOptionReply.Ack) return reply.Reply;
        }
    }

    public void Command(
        NbdCommand command, ulong cookie, ulong offset, uint length,
        NbdCommandFlags flags = NbdCommandFlags.None)
    {
        byte[] bytes = new byte[NbdProtocol.RequestSize];
        new NbdRequest(flags, command, cookie, offset, length).Write(bytes);
        Send(bytes);
    }

    /// <summary>Sends so many writes of the payload, one behind the other.</summary>
    public async Task WriteAllAsync(int count, byte[] payload)
    {
        byte[] bytes = new byte[NbdProtocol.RequestSize];
        for (int write = 0; write < count; write++)
        {
            ulong offset = (ulong)write * (ulong)payload.Length;
            new NbdRequest(
                NbdCommandFlags.None, NbdCommand.Write, (ulong)write, offset,
                (uint)payload.Length).Write(bytes);
            await SendAsync(bytes).ConfigureAwait(false);
            await SendAsync(payload).ConfigureAwait(false);
        }
    }

    public NbdSimpleReply SimpleReply()
    {
        byte[] bytes = Read(NbdProtocol.SimpleReplySize);
        BinaryPrimitives.ReadUInt32BigEndian(bytes).ShouldBe(NbdProtocol.SimpleReplyMagic);
        return NbdSimpleReply.Read(bytes);
    }

    public (NbdChunk Chunk, byte[] Body) Chunk()
    {
        byte[] bytes = Read(NbdProtocol.ChunkHeaderSize);
        BinaryPrimitives.ReadUInt32BigEndian(bytes).ShouldBe(NbdProtocol.StructuredReplyMagic);
        NbdChunk chunk = NbdChunk.Read(bytes);
        return (chunk, Read((int)chunk.Length));
    }

    public void Send(byte[] bytes) =>
        Await(_loop, SendAsync(bytes));

    public byte[] Read(int count) => Await(_loop, ReadAsync(count));

    /// <summary>True when the server has closed the connection.</summary>
    public bool IsClosedByServer()
    {
        try
        {
            Read(1);
            return false;
        }
        catch (EndOfStreamException)
        {
            return true;
        }
    }

    public void Close() => _connection.Dispose();

    private static T Await<T>(SimulatedLoop loop, Task<T> task)
    {
        loop.RunUntil(() => task.IsCompleted, 60_000_000_000).ShouldBeTrue();
        return task.GetAwaiter().GetResult();
    }

    private void SendUInt32(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        Send(bytes);
    }

    private async Task<bool> SendAsync(byte[] bytes)
    {
        await _connection.WriteAsync(bytes, CancellationToken.None).ConfigureAwait(false);
        return true;
    }

    private async Task<byte[]> ReadAsync(int count)
    {
        byte[] bytes = new byte[count];
        await _connection.ReadExactlyAsync(bytes, CancellationToken.None).ConfigureAwait(false);
        return bytes;
    }
}
