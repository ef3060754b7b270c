// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Exports.Nbd;
using Braid.Io;
using Braid.Transports.Nbd;
using Braid.Wire.Nbd;

namespace Braid.Tests.Simulation;

/// <summary>A client that waits for each of its reads, beside others that do not.</summary>
public sealed class FloodGateTests : IDisposable
{
    private const long Us = 1000;
    private const long Ms = 1_000_000;
    private const long Second = 1000 * Ms;
    private const int Deep = 128;

    private static readonly Endpoint At = Endpoint.Unix("/sim/server");

    private readonly SimulatedLoop _loop = new(1);
    private readonly SimulatedNetwork _network;
    private readonly BufferPool _pool = new(64 << 20);
    private readonly List<(NbdDevice Device, ReadLoad Load)> _clients = [];
    private TimedDevice? _device;
    private NbdClients? _others;
    private NbdServer? _server;

    public FloodGateTests() => _network = new SimulatedNetwork(_loop);

    public void Dispose()
    {
        foreach ((_, ReadLoad load) in _clients) load.Stop();
        _loop.RunUntil(() => _clients.All(client => client.Load.InFlight == 0), 60 * Second)
            .ShouldBeTrue();
        foreach ((NbdDevice device, ReadLoad load) in _clients)
        {
            device.Stop();
            load.Dispose();
        }
        _loop.RunUntil(() => _server!.Clients == 0, 60 * Second).ShouldBeTrue();
        _pool.InUse.ShouldBe(0);
        foreach ((NbdDevice device, _) in _clients) device.Dispose();
        _server!.Dispose();
        _device!.Dispose();
        _pool.Dispose();
    }

    [Theory]
    [InlineData(1, 2.2)]
    [InlineData(3, 4.5)]
    public void Beside_floods_on_a_path_that_does_one_thing_at_a_time_a_reader_waits_little_longer(
        int floods, double times)
    {
        Serve(atOnce: 1, 20 * Us);
        long alone = PercentileOf(Connect(1), Second);
        ReadLoad reader = _clients[0].Load;
        ReadLoad[] others = [.. Enumerable.Range(0, floods).Select(_ => Connect(Deep))];
        _loop.RunFor(Second);
        int before = others.Sum(other => other.TookNs.Count);
        ((double)PercentileOf(reader, Second) / alone).ShouldBeLessThan(times);
        // The path does 50 000 a second, and the reader has some 5000 of them.
        (others.Sum(other => other.TookNs.Count) - before).ShouldBeGreaterThan(40_000);
    }

    [Fact]
    public void Floods_that_are_free_have_what_they_want_beside_anybody()
    {
        Serve(atOnce: 1, 20 * Us, holdsFloods: false);
        ReadLoad reader = Connect(1);
        Connect(Deep);
        _loop.RunFor(Second);
        PercentileOf(reader, Second).ShouldBeGreaterThan(Deep * 20 * Us);
    }

    /// <summary>However many they are, and however often the other comes.</summary>
    [Theory]
    [InlineData(1, 128, 8, 0)]
    [InlineData(1, 32, 5, 0)]
    [InlineData(2, 32, 5, 0)]
    [InlineData(4, 32, 5, 0)]
    [InlineData(8, 8, 5, 0)]
    [InlineData(1, 32, 1, 11)]
    [InlineData(1, 32, 5, 12)]
    [InlineData(1, 32, 5, 15)]
    [InlineData(1, 32, 5, 25)]
    [InlineData(4, 32, 5, 12)]
    [InlineData(1, 32, 20, 0)]
    [InlineData(1, 32, 20, 15)]
    [InlineData(3, 32, 40, 30)]
    public void From_a_path_that_does_much_at_the_same_time_little_is_taken(
        int floods, int depth, int serviceMs, int pauseMs)
    {
        Serve(atOnce: 1024, serviceMs * Ms, jitterNs: Ms);
        ReadLoad[] others = [.. Enumerable.Range(0, floods).Select(_ => Connect(depth))];
        long alone = ReadsOf(others, 2 * Second);
        ReadLoad reader = Connect(1, pauseMs * Ms);
        _loop.RunFor(20 * Second);
        ReadsOf(others, 2 * Second).ShouldBeGreaterThan(alone * 6 / 10);
        PercentileOf(reader, Second).ShouldBeLessThan((serviceMs + 2) * Ms);
    }

    /// <summary>At first it seems to be one that waits for each of its commands, too.</summary>
    [Fact]
    public void A_burst_does_not_take_the_place_of_who_waits_for_each_command()
    {
        Serve(atOnce: 1, 20 * Us);
        ReadLoad reader = Connect(1);
        for (int burst = 0; burst < 20; burst++)
        {
            ReadLoad other = Connect(Deep);
            _loop.RunFor(Ms);
            other.Stop();
            _loop.RunFor(40 * Ms);
        }
        reader.TookNs.Max().ShouldBeLessThan(Ms / 2);
    }

    [Fact]
    public void Who_does_not_read_its_reply_holds_nobody_back()
    {
        Serve(atOnce: 1, 20 * Us);
        _network.Link(At).RoomBytes = 64 * 1024;
        ScriptedClient paused = ScriptedClient.Connect(_loop, _network, At)
            .Go("x", structured: false);
        paused.Command(NbdCommand.Read, 1, 0, 1 << 20);
        Connect(Deep);
        _loop.RunFor(2 * Second);
        _device!.Queued.ShouldBeGreaterThan(Deep / 2);
        paused.Close();
    }

    [Fact]
    public void Floods_among_themselves_have_what_they_want()
    {
        Serve(atOnce: 1, 20 * Us);
        ReadLoad[] floods = [Connect(Deep), Connect(8)];
        _loop.RunFor(Second);
        floods[0].TookNs.Clear();
        _loop.RunFor(Second);
        // All that it has in flight is in the path's queue, with the other's.
        PercentileOf(floods[0], Second).ShouldBeGreaterThan(Deep * 20 * Us);
    }

    [Fact]
    public void When_the_reader_has_gone_the_flood_has_all_again()
    {
        Serve(atOnce: 1, 20 * Us);
        ReadLoad reader = Connect(1);
        ReadLoad flood = Connect(Deep);
        _loop.RunFor(Second);
        PercentileOf(flood, Second).ShouldBeGreaterThan(Deep * 20 * Us);
        reader.Stop();
        _loop.RunFor(Second / 10);
        // As the server sees it: nothing of the flood is left with its client.
        _device!.Queued.ShouldBeGreaterThan(Deep / 2);
    }

    /// <summary>In the middle of a large write; and never without one.</summary>
    [Fact]
    public async Task A_turn_takes_most_of_who_is_alone_and_least_beside_a_reader()
    {
        Serve(atOnce: 1, 20 * Us);
        var at = Endpoint.Unix("/sim/raw");
        using Listener listener = _network.Listen(at);
        Task<Connection> accepting = listener.AcceptAsync(CancellationToken.None).AsTask();
        Task<Connection> connecting =
            _network.ConnectAsync(at, CancellationToken.None).AsTask();
        _loop.RunUntil(() => accepting.IsCompleted && connecting.IsCompleted, Second)
            .ShouldBeTrue();
        using Connection client = await connecting;
        var session = new NbdClientSession(new NbdExport("x", _device!), false, false);
        // Freed by itself, when its client has gone.
        var served = new NbdServerConnection(
            _server!, session, await accepting, _others!);
        served.ReceivesPerTurn.ShouldBe(1);
        byte[] bytes = new byte[NbdProtocol.RequestSize + 100];
        new NbdRequest(NbdCommandFlags.None, NbdCommand.Write, 1, 0, 1 << 20).Write(bytes);
        await client.WriteAsync(bytes, CancellationToken.None);
        // It takes that long, too, until it is no light client itself.
        _loop.RunFor(2 * Second);
        served.ReceivesPerTurn.ShouldBe(8);
        Connect(Deep);
        _loop.RunFor(Second / 10);
        served.ReceivesPerTurn.ShouldBe(2);
        Connect(1);
        _loop.RunFor(Second / 10);
        served.ReceivesPerTurn.ShouldBe(1);
        client.Dispose();
        _loop.RunFor(Second / 10);
    }

    private void Serve(
        int atOnce, long serviceNs, bool holdsFloods = true, long jitterNs = 0)
    {
        _device = new TimedDevice(_loop, atOnce, serviceNs) { JitterNs = jitterNs };
        _others = new NbdClients(_loop, _pool) { HoldsFloods = holdsFloods };
        _server = new NbdServer(
            _loop, _network, At, [new NbdExport("x", _device)], _others, _ => { });
        _server.Start();
    }

    private ReadLoad Connect(int depth, long pauseNs = 0)
    {
        var device = new NbdDevice(
            _loop, _network, "client", NbdUri.Parse("nbd+unix:///x?socket=/sim/server"),
            new QueueOptions { Depth = Deep }, new NbdSettings());
        device.Start();
        _loop.RunUntil(() => device.State == PathState.Up, Second).ShouldBeTrue();
        var load = new ReadLoad(_loop, device, depth) { PauseNs = pauseNs };
        _clients.Add((device, load));
        return load;
    }

    private long ReadsOf(ReadLoad[] loads, long durationNs)
    {
        long before = loads.Sum(load => load.TookNs.Count);
        _loop.RunFor(durationNs);
        return loads.Sum(load => load.TookNs.Count) - before;
    }

    private long PercentileOf(ReadLoad load, long durationNs)
    {
        load.TookNs.Clear();
        _loop.RunFor(durationNs);
        return load.Percentile(99);
    }
}
