// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Exports.Nbd;
using Braid.Io;
using Braid.Transports.Memory;
using Braid.Wire.Nbd;

namespace Braid.Tests.Simulation;

/// <summary>
/// Clients of our server that together hold all of its I/O memory and do nothing to give it back.
/// </summary>
public sealed class StandstillTests : IDisposable
{
    private const long Second = 1_000_000_000;
    private const int MiB = 1 << 20;
    private const int Memory = 64 * MiB;
    private const int Longest = 32 * MiB;

    /// <summary>Others may be kept waiting for so long, and up to twice that.</summary>
    private const long Patience = 10 * Second;

    private static readonly Endpoint At = Endpoint.Unix("/sim/server");

    private readonly SimulatedLoop _loop = new(1);
    private readonly SimulatedNetwork _network;
    private readonly MemoryStore _store = new("volume", Longest);
    private readonly BufferPool _pool = new(Memory);
    private readonly List<string> _log = [];
    private readonly NbdServer _server;

    public StandstillTests()
    {
        _network = new SimulatedNetwork(_loop);
        _network.Link(At).RoomBytes = 64 * 1024;
        var device = new MemoryDevice(_loop, "volume", _store, new QueueOptions());
        device.Start();
        _server = new NbdServer(
            _loop, _network, At, [new NbdExport("x", device)], new NbdClients(_loop, _pool),
            _log.Add);
        _server.Start();
    }

    public void Dispose()
    {
        _loop.RunUntil(() => _server.Clients == 0, 60 * Second).ShouldBeTrue();
        _pool.InUse.ShouldBe(0);
        _pool.HasWaiters.ShouldBeFalse();
        _server.Dispose();
        _pool.Dispose();
        _store.Dispose();
    }

    [Fact]
    public void Short_commands_of_others_go_on_at_once()
    {
        ScriptedClient[] hogs = HoldAllWithReads();
        ScriptedClient waiting = Connect();
        waiting.Command(NbdCommand.Read, 1, 0, MiB);
        ScriptedClient good = Connect();
        long before = _loop.NowNs;
        const int Length = ClientMemory.SpareBytes;
        for (ulong i = 0; i < 20; i++)
        {
            byte[] payload = [.. Enumerable.Repeat((byte)(i + 1), Length)];
            good.Command(NbdCommand.Write, 2 * i, 0, Length);
            good.Send(payload);
            good.Command(NbdCommand.Read, (2 * i) + 1, 0, Length);
            good.SimpleReply().ShouldBe(new NbdSimpleReply(NbdError.None, 2 * i));
            good.SimpleReply().ShouldBe(new NbdSimpleReply(NbdError.None, (2 * i) + 1));
            good.Read(Length).ShouldBe(payload);
        }
        (_loop.NowNs - before).ShouldBeLessThan(Second / 10);
        _log.ShouldBeEmpty();
        Close([.. hogs, waiting, good]);
    }

    [Fact]
    public void A_long_read_is_done_when_a_client_that_reads_nothing_has_been_cut_off()
    {
        ScriptedClient[] hogs = HoldAllWithReads();
        ScriptedClient good = Connect();
        long before = _loop.NowNs;
        good.Command(NbdCommand.Read, 1, 0, MiB);
        good.SimpleReply().Error.ShouldBe(NbdError.None);
        good.Read(MiB);
        (_loop.NowNs - before).ShouldBeInRange(Patience / 2, Patience + Second);
        _log.Count.ShouldBeInRange(1, 2);
        _log.ShouldAllBe(line => line.Contains("cut off: it has not read its replies"));
        Close([.. hogs, good]);
    }

    [Fact]
    public void Clients_that_announce_payload_and_send_none_are_cut_off()
    {
        ScriptedClient[] hogs = [.. Enumerable.Range(0, Memory / MiB).Select(_ => Connect())];
        foreach (ScriptedClient hog in hogs) hog.Command(NbdCommand.Write, 1, 0, MiB);
        ScriptedClient good = Connect();
        good.Command(NbdCommand.Write, 1, 0, MiB);
        good.Send(new byte[MiB]);
        long before = _loop.NowNs;
        good.SimpleReply().Error.ShouldBe(NbdError.None);
        (_loop.NowNs - before).ShouldBeInRange(Patience / 2, Patience + Second);
        _log.ShouldNotBeEmpty();
        Close([.. hogs, good]);
    }

    /// <summary>Whoever gives up has not been served.</summary>
    [Theory]
    [InlineData(5, 0)]
    [InlineData(3, 2)]
    [InlineData(9, 5)]
    public void Who_gives_up_and_comes_back_is_served_in_the_end(int patience, int pause)
    {
        ScriptedClient[] hogs = HoldAllWithReads();
        int tries = 0;
        while (_log.Count == 0)
        {
            ScriptedClient good = Connect();
            good.Command(NbdCommand.Read, 1, 0, MiB);
            _loop.RunFor(patience * Second);
            good.Close();
            _loop.RunFor(pause * Second);
            (++tries).ShouldBeLessThan(10);
        }
        ScriptedClient last = Connect();
        last.Command(NbdCommand.Read, 1, 0, MiB);
        last.SimpleReply().Error.ShouldBe(NbdError.None);
        Close([.. hogs, last]);
    }

    /// <summary>Meanwhile nobody could be sent anything, and so could not read it.</summary>
    [Fact]
    public void While_the_server_stands_still_nobody_has_his_time()
    {
        ScriptedClient[] hogs = HoldAllWithReads();
        ScriptedClient good = Connect();
        good.Command(NbdCommand.Read, 1, 0, MiB);
        _loop.RunFor(Patience / 2);
        _loop.StandStill(60 * Second);
        _loop.RunFor(Patience / 2);
        _log.ShouldBeEmpty();
        _loop.RunFor(Patience);
        _log.ShouldNotBeEmpty();
        good.SimpleReply().Error.ShouldBe(NbdError.None);
        Close([.. hogs, good]);
    }

    [Fact]
    public void Who_goes_from_the_middle_of_the_line_leaves_nothing_behind()
    {
        ScriptedClient[] hogs = HoldAllWithReads();
        ScriptedClient first = Connect();
        first.Command(NbdCommand.Read, 1, 0, MiB);
        for (int i = 0; i < 20; i++)
        {
            ScriptedClient leaving = Connect();
            leaving.Command(NbdCommand.Read, 1, 0, MiB);
            _loop.RunFor(Second / 10);
            leaving.Close();
        }
        _loop.RunFor(Second / 10);
        _pool.Waiters.ShouldBe(1);
        Close([.. hogs, first]);
    }

    /// <summary>Nobody would gain by cutting off who has nothing else.</summary>
    [Fact]
    public unsafe void The_spare_buffer_does_not_count_as_what_a_client_holds()
    {
        using var pool = new BufferPool(BufferPool.MaxBuffer);
        byte* all = pool.TryAllocate(BufferPool.MaxBuffer);
        using var memory = new ClientMemory(pool);
        (memory.TryAllocate(ClientMemory.SpareBytes + 1) is null).ShouldBeTrue();
        (memory.TryAllocate(ClientMemory.SpareBytes) is null).ShouldBeFalse();
        memory.Held.ShouldBe(0);
        memory.MayTake(1).ShouldBeFalse();
        (memory.TryAllocate(1) is null).ShouldBeTrue();
        pool.Free(all, BufferPool.MaxBuffer);
        (memory.TryAllocate(5000) is null).ShouldBeFalse();
        memory.Held.ShouldBe(8192);
    }

    [Fact]
    public void Who_reads_slowly_is_not_cut_off()
    {
        ScriptedClient[] hogs = HoldAllWithReads();
        ScriptedClient good = Connect();
        good.Command(NbdCommand.Read, 1, 0, 8 * MiB);
        for (int i = 0; i < 6; i++)
        {
            foreach (ScriptedClient hog in hogs)
            {
                hog.SimpleReply();
                hog.Read(MiB);
            }
            _loop.RunFor(Patience / 2);
        }
        _log.ShouldBeEmpty();
        good.SimpleReply().Error.ShouldBe(NbdError.None);
        Close([.. hogs, good]);
    }

    /// <summary>It would help nobody: the paths have what is missing.</summary>
    [Fact]
    public void Who_reads_nothing_is_left_alone_while_the_paths_hold_the_memory()
    {
        using var held = new HeldDevice(_loop, new QueueOptions { Depth = 128 });
        _server.Add([new NbdExport("held", held)]);
        ScriptedClient idle = Connect();
        for (ulong read = 0; read < 4; read++) idle.Command(NbdCommand.Read, read, 0, MiB);
        var readers = new List<ScriptedClient>();
        while (!_pool.HasWaiters)
        {
            ScriptedClient reader = Connect("held");
            readers.Add(reader);
            for (ulong read = 0; read < 32; read++) reader.Command(NbdCommand.Read, read, 0, MiB);
            _loop.RunFor(Second / 10);
            readers.Count.ShouldBeLessThan(40);
        }
        _loop.RunFor(5 * Patience);
        _log.ShouldBeEmpty();
        held.IsHolding = false;
        Close([idle, .. readers]);
        _loop.RunUntil(() => _server.Clients == 0, 60 * Second).ShouldBeTrue();
    }

    /// <summary>It has waited first, and the others must not wait for it.</summary>
    [Fact]
    public void Who_goes_while_it_waits_leaves_the_line()
    {
        ScriptedClient[] hogs = [Connect(), Connect()];
        foreach (ScriptedClient hog in hogs)
            for (ulong read = 0; read < 32; read++) hog.Command(NbdCommand.Read, read, 0, MiB);
        ScriptedClient leaving = Connect();
        leaving.Command(NbdCommand.Read, 1, 0, Longest);
        _loop.RunFor(Second);
        ScriptedClient good = Connect();
        good.Command(NbdCommand.Read, 1, 0, MiB);
        _loop.RunFor(Second);
        _pool.HasWaiters.ShouldBeTrue();
        (_pool.Bytes - _pool.InUse).ShouldBeInRange(MiB, Longest - 1);
        long before = _loop.NowNs;
        leaving.Close();
        good.SimpleReply().Error.ShouldBe(NbdError.None);
        (_loop.NowNs - before).ShouldBeLessThan(Second);
        Close([.. hogs, good]);
    }

    /// <summary>Each reads so much that all of them hold everything, and none reads on.</summary>
    private ScriptedClient[] HoldAllWithReads()
    {
        var hogs = new List<ScriptedClient>();
        while (_pool.Bytes > _pool.InUse)
        {
            ScriptedClient hog = Connect();
            hogs.Add(hog);
            for (ulong read = 0; read < 32; read++) hog.Command(NbdCommand.Read, read, 0, MiB);
            _loop.RunFor(Second / 10);
            hogs.Count.ShouldBeLessThan(40);
        }
        return [.. hogs];
    }

    private ScriptedClient Connect(string export = "x") =>
        ScriptedClient.Connect(_loop, _network, At).Go(export, structured: false);

    private static void Close(ScriptedClient[] clients)
    {
        foreach (ScriptedClient client in clients) client.Close();
    }
}
