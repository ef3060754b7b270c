// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Daemon;
using Braid.Io;
using Braid.Transports.Memory;
using Braid.Transports.Nbd;
using Braid.Wire.Nbd;
using Microsoft.Extensions.Logging.Abstractions;

namespace Braid.Tests.Simulation;

/// <summary>
/// Storage, servers, a map over them and a client of its export, all on one simulated loop: the
/// whole way of a request, both ends and the wires between, under one seed.
/// </summary>
internal sealed class SimulatedWorld : IDisposable
{
    public const long Second = 1_000_000_000;
    public const long VolumeBytes = 4 << 20;

    private static readonly Endpoint MapEndpoint = Endpoint.Unix("/sim/map");

    public SimulatedWorld(
        ulong seed, int paths, Func<MapOptions, MapOptions> change, CachedVolume? cached = null)
    {
        Loop = new SimulatedLoop(seed);
        Network = new SimulatedNetwork(Loop);
        Store = new MemoryStore("volume", VolumeBytes);
        for (int i = 0; i < paths; i++)
        {
            Servers.Add(new SimulatedServer(Loop, Network, Store, $"s{i}")
            {
                Cached = cached,
                Number = i,
            });
            Servers[i].Start();
        }
        MapOptions options = change(new MapOptions
        {
            Name = "sim",
            Paths = [.. Servers.Select(server => new DeclaredPath(server.Name, server.Uri))],
            Exports = [$"nbd+unix:///sim?socket={MapEndpoint.SocketPath}"],
            Nbd = new NbdSettings { IoTimeoutNs = Second, ConnectTimeoutNs = Second },
            PoolBytes = 64 << 20,
        });
        Stack = new MapStack(Loop, Network, options, NullLogger.Instance);
        Client = new NbdDevice(
            Loop, Network, "client",
            NbdUri.Parse($"nbd+unix:///sim?socket={MapEndpoint.SocketPath}"),
            new QueueOptions { Depth = 128 }, new NbdSettings { IoTimeoutNs = 3600 * Second });
    }

    public SimulatedLoop Loop { get; }

    public SimulatedNetwork Network { get; }

    public MemoryStore Store { get; }

    public List<SimulatedServer> Servers { get; } = [];

    public MapStack Stack { get; }

    /// <summary>Our own client of the map's export.</summary>
    public NbdDevice Client { get; }

    /// <summary>Until the client is connected.</summary>
    public void Start()
    {
        bool reached = false;
        Stack.ReachPaths(() => reached = true);
        RunUntil(() => reached);
        Stack.MakeMap();
        Stack.Listen();
        Client.Start();
        RunUntil(() => Client.State == PathState.Up);
    }

    /// <summary>Runs until it holds; a minute of virtual time without it is a failure.</summary>
    public void RunUntil(Func<bool> condition, long within = 60 * Second) =>
        Loop.RunUntil(condition, within).ShouldBeTrue($"not within {within / Second} s");

    public void RunFor(long ns) => Loop.RunFor(ns);

    /// <summary>
    /// Something happens to a server at random: killed, reset, made to hang if that is meant, or
    /// healed.
    /// </summary>
    public void Disturb(bool hangs)
    {
        LoopRandom random = Loop.Random;
        SimulatedServer server = Servers[(int)random.Next(Servers.Count)];
        switch (random.Next(hangs ? 6 : 4))
        {
            case 0 when server.IsRunning:
                server.Kill();
                break;
            case 1 when server.IsRunning:
                Network.Reset(server.Endpoint);
                break;
            case 2 when hangs:
                Network.Link(server.Endpoint).IsHung = true;
                break;
            default:
                Heal(server);
                break;
        }
    }

    public void HealAll() => Servers.ForEach(Heal);

    /// <summary>Takes all down and looks for what was left behind.</summary>
    public void StopAndCheckForLeaks()
    {
        Client.Stop();
        Stack.Drain();
        RunUntil(() => Stack.IsDrained);
        Stack.Stop();
        foreach (SimulatedServer server in Servers) server.Kill();
        RunFor(2 * Second);
        Stack.Map!.InFlight.ShouldBe(0);
        Stack.Pool.InUse.ShouldBe(0);
        Client.Queue.Tags.InUse.ShouldBe(0);
        foreach (PathDevice path in Stack.Paths.All) path.Queue.Tags.InUse.ShouldBe(0);
        foreach (SimulatedServer server in Servers) server.Pool.InUse.ShouldBe(0);
    }

    private void Heal(SimulatedServer server)
    {
        if (Network.Link(server.Endpoint).IsHung) Network.Unhang(server.Endpoint);
        if (!server.IsRunning) server.Start();
    }

    public void Dispose()
    {
        Stack.Dispose();
        foreach (SimulatedServer server in Servers) server.Dispose();
        Store.Dispose();
    }
}
