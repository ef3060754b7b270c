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
    [InlineData(3, 2.5)]
    public void Beside_floods_on_a_path_that_does_one_thing_at_a_time_a_reader_waits_twice_as_long(
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

    [Fact]
    public void From_a_path_that_does_much_at_the_same_time_nothing_is_taken()
    {
        Serve(atOnce: 2 * Deep, 8 * Ms);
        long alone = PercentileOf(Connect(1), Second);
        ReadLoad reader = _clients[0].Load;
        ReadLoad flood = Connect(Deep);
        _loop.RunFor(5 * Second);
        int before = flood.TookNs.Count;
        PercentileOf(reader, Second).ShouldBeLessThan(alone + Ms);
        (flood.TookNs.Count - before).ShouldBeGreaterThan((int)(Deep * Second / (8 * Ms) * 2 / 3));
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

    private void Serve(int atOnce, long serviceNs, bool holdsFloods = true)
    {
        _device = new TimedDevice(_loop, atOnce, serviceNs);
        _server = new NbdServer(
            _loop, _network, At, [new NbdExport("x", _device)],
            new NbdClients(_loop, _pool) { HoldsFloods = holdsFloods }, _ => { });
        _server.Start();
    }

    private ReadLoad Connect(int depth)
    {
        var device = new NbdDevice(
            _loop, _network, "client", NbdUri.Parse("nbd+unix:///x?socket=/sim/server"),
            new QueueOptions { Depth = Deep }, new NbdSettings());
        device.Start();
        _loop.RunUntil(() => device.State == PathState.Up, Second).ShouldBeTrue();
        var load = new ReadLoad(_loop, device, depth);
        _clients.Add((device, load));
        return load;
    }

    private long PercentileOf(ReadLoad load, long durationNs)
    {
        load.TookNs.Clear();
        _loop.RunFor(durationNs);
        return load.Percentile(99);
    }
}
