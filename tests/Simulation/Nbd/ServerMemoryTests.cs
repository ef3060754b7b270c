// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Exports.Nbd;
using Braid.Io;
using Braid.Transports.Memory;
using Braid.Wire.Nbd;

namespace Braid.Tests.Simulation;

/// <summary>
/// The I/O memory of our server: clients share it, and clients go while they hold it.
/// </summary>
public sealed class ServerMemoryTests : IDisposable
{
    private const long Second = 1_000_000_000;
    private const int MiB = 1 << 20;
    private const int Memory = 4 * MiB;
    /// <summary>26 are a little over a MiB: the next part begins with what is staged.</summary>
    private const int Piece = 40_360;

    private static readonly Endpoint At = Endpoint.Unix("/sim/server");

    private readonly SimulatedLoop _loop = new(1);
    private readonly SimulatedNetwork _network;
    private readonly MemoryStore _store = new("volume", 8 * MiB);
    private readonly BufferPool _pool = new(Memory);
    private readonly NbdServer _server;

    public ServerMemoryTests()
    {
        _network = new SimulatedNetwork(_loop);
        _network.Link(At).RoomBytes = 64 * 1024;
        var device = new MemoryDevice(_loop, "volume", _store, new QueueOptions());
        device.Start();
        _server = new NbdServer(
            _loop, _network, At, [new NbdExport("x", device)],
            new NbdClients(_loop, _pool), _ => { });
        _server.Start();
    }

    public void Dispose()
    {
        _loop.RunUntil(() => _server.Clients == 0, 60 * Second).ShouldBeTrue();
        _pool.InUse.ShouldBe(0);
        _server.Dispose();
        _pool.Dispose();
        _store.Dispose();
    }

    [Theory]
    [InlineData(4096, 0, 0)]
    [InlineData(4096, 100, 0)]
    [InlineData(4096, 100, 2)]
    [InlineData(4 * MiB, 100, 0)]
    [InlineData(4 * MiB, (3 * MiB) + 100, 0)]
    [InlineData(8 * MiB, 100, 3)]
    public void A_client_that_goes_within_a_payload_is_forgotten_and_the_next_is_served(
        int length, int sent, int reads)
    {
        for (int i = 0; i < 3; i++)
        {
            ScriptedClient client = Connect();
            for (ulong read = 0; read < (ulong)reads; read++)
                client.Command(NbdCommand.Read, read, 0, MiB);
            client.Command(NbdCommand.Write, 9, 0, (uint)length);
            client.Send(new byte[sent]);
            client.Close();
            _loop.RunUntil(() => _server.Clients == 0, 60 * Second).ShouldBeTrue();
        }
        ScriptedClient next = Connect();
        next.Command(NbdCommand.Read, 1, 0, 512);
        next.SimpleReply().Error.ShouldBe(NbdError.None);
        next.Close();
    }

    [Theory]
    [InlineData(NbdCommand.Write)]
    [InlineData(NbdCommand.Read)]
    public void Long_commands_of_many_clients_take_turns_with_the_memory(NbdCommand command)
    {
        bool isWrite = command == NbdCommand.Write;
        ScriptedClient[] clients = [.. Enumerable.Range(0, 6).Select(_ => Connect())];
        foreach (ScriptedClient client in clients)
        {
            client.Command(command, 1, 0, Memory);
            if (isWrite) client.Send(new byte[Memory]);
        }
        foreach (ScriptedClient client in clients)
        {
            client.SimpleReply().Error.ShouldBe(NbdError.None);
            if (!isWrite) client.Read(Memory);
            client.Close();
        }
    }

    /// <summary>
    /// What was staged before the memory came goes before what comes after it, whatever asks for
    /// more in between.
    /// </summary>
    [Theory]
    [InlineData(4 * MiB, 1)]
    [InlineData(4 * MiB, 2)]
    [InlineData(2 * MiB, 3)]
    [InlineData(MiB, 8)]
    [InlineData((2 * MiB) - 4096, 4)]
    public void Writes_that_wait_for_memory_in_turns_have_their_bytes_in_order(
        int length, int clients)
    {
        var random = new LoopRandom(5);
        (ScriptedClient Client, byte[] Payload)[] writers =
        [
            .. Enumerable.Range(0, clients).Select(_ => (Connect(), Bytes(random, length))),
        ];
        // Others leave little, so that the line is short and moves often.
        ScriptedClient[] hogs = [.. Enumerable.Range(0, 2).Select(_ => Connect())];
        foreach (ScriptedClient hog in hogs) hog.Command(NbdCommand.Read, 1, 0, MiB);
        _loop.RunFor(Second);
        for (int i = 0; i < clients; i++)
            writers[i].Client.Command(
                NbdCommand.Write, 1, (ulong)(i * MiB * 8L / clients), (uint)length);
        for (int sent = 0; sent < length; sent += Piece)
        {
            foreach ((ScriptedClient client, byte[] payload) in writers)
                client.Send(payload[sent..Math.Min(length, sent + Piece)]);
            _loop.RunFor(random.Next(100_000));
        }
        foreach ((ScriptedClient client, _) in writers)
            client.SimpleReply().Error.ShouldBe(NbdError.None);
        for (int i = 0; i < clients; i++)
        {
            ScriptedClient client = writers[i].Client;
            client.Command(
                NbdCommand.Read, 2, (ulong)(i * MiB * 8L / clients), (uint)length);
            client.SimpleReply().Error.ShouldBe(NbdError.None);
            client.Read(length).AsSpan().SequenceEqual(writers[i].Payload).ShouldBeTrue();
            client.Close();
        }
        foreach (ScriptedClient hog in hogs) hog.Close();
    }

    [Theory]
    [InlineData(MiB / 8)]
    [InlineData(MiB / 2)]
    [InlineData(MiB)]
    public void Clients_that_do_not_read_their_replies_leave_memory_for_others(int length)
    {
        const ulong Commands = 64;
        ScriptedClient[] hogs = [.. Enumerable.Range(0, 3).Select(_ => Connect())];
        foreach (ScriptedClient hog in hogs)
            for (ulong read = 0; read < Commands; read++)
                hog.Command(NbdCommand.Read, read, 0, (uint)length);
        _loop.RunFor(Second);
        ScriptedClient good = Connect();
        for (ulong read = 0; read < Commands; read++)
        {
            good.Command(NbdCommand.Read, read, 0, 4096);
            good.SimpleReply().Error.ShouldBe(NbdError.None);
            good.Read(4096);
        }
        good.Close();
        foreach (ScriptedClient hog in hogs)
        {
            for (ulong read = 0; read < Commands; read++)
            {
                hog.SimpleReply().Cookie.ShouldBe(read);
                hog.Read(length);
            }
            hog.Close();
        }
    }

    /// <summary>It could wait for ever, and all who come after it with it.</summary>
    [Fact]
    public void A_read_that_wants_more_than_all_memory_is_refused_and_others_are_served()
    {
        ScriptedClient client = Connect();
        client.Command(NbdCommand.Read, 1, 0, Memory + 512);
        client.SimpleReply().Error.ShouldBe(NbdError.Invalid);
        client.Command(NbdCommand.Read, 2, 0, Memory);
        client.SimpleReply().Error.ShouldBe(NbdError.None);
        client.Read(Memory);
        client.Close();
    }

    private static byte[] Bytes(LoopRandom random, int length)
    {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) bytes[i] = (byte)random.Next(256);
        return bytes;
    }

    private ScriptedClient Connect() =>
        ScriptedClient.Connect(_loop, _network, At).Go("x", structured: false);
}
