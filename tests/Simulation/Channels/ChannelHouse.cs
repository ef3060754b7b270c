// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Daemon;
using Braid.Io;
using Braid.Mapper;
using Braid.Transports.Memory;
using Braid.Transports.Nbd;
using Braid.Wire.Nbd;
using Microsoft.Extensions.Logging.Abstractions;

namespace Braid.Tests.Simulation;

/// <summary>A daemon with several loops over servers of one volume, in virtual time.</summary>
internal sealed class ChannelHouse : IDisposable
{
    public const long Ms = 1_000_000;
    public const long Second = 1000 * Ms;

    private const long VolumeBytes = 1 << 20;
    private const string Export = "nbd+unix:///sim?socket=/sim/map";

    private readonly MemoryStore _store = new("volume", VolumeBytes);

    public ChannelHouse(
        int loops, int paths, Func<MapOptions, MapOptions>? change = null)
    {
        Network = new SimulatedNetwork(Loop);
        Links = new HeldLinks(Loop, loops);
        for (int i = 0; i < paths; i++)
        {
            Servers.Add(new SimulatedServer(Loop, Network, _store, $"s{i}"));
            Servers[i].Start();
        }
        var options = new MapOptions
        {
            Name = "mp",
            Paths = [.. Servers.Select(server => new DeclaredPath(server.Name, server.Uri))],
            Exports = [Export],
            Selector = "round-robin 0",
            Nbd = new NbdSettings { IoTimeoutNs = Second, ConnectTimeoutNs = Second },
            PoolBytes = 64 << 20,
        };
        Channels = new ChannelSet(
            [.. Enumerable.Repeat(Loop, loops)], Links, Network,
            change is null ? options : change(options), NullLogger.Instance);
        Commands = new ChannelCommands(Channels);
        Start();
    }

    public SimulatedLoop Loop { get; } = new(1);

    public SimulatedNetwork Network { get; }

    public HeldLinks Links { get; }

    public List<SimulatedServer> Servers { get; } = [];

    public ChannelSet Channels { get; }

    public ChannelCommands Commands { get; }

    public List<NbdDevice> Clients { get; } = [];

    /// <summary>The map on one loop.</summary>
    public MappedDevice Map(int loop) => Channels.Stacks[loop].Map!;

    public PathDevice Path(int loop, int path) => Channels.Stacks[loop].Paths.All[path];

    public bool IsActive(int loop, int path) =>
        Channels.Stacks[loop].Paths.IsActive(Path(loop, path));

    /// <summary>Clients of each loop.</summary>
    public int[] ClientsByLoop() =>
        [.. Channels.Stacks.Select(stack => stack.Exports.Servers.Sum(server => server.Clients))];

    public unsafe int Stored(long offset) => *_store.At(offset);

    public NbdDevice Connect()
    {
        var client = new NbdDevice(
            Loop, Network, $"c{Clients.Count}", NbdUri.Parse(Export),
            new QueueOptions { Depth = 128 }, new NbdSettings { IoTimeoutNs = 3600 * Second });
        Clients.Add(client);
        client.Start();
        RunUntil(() => client.State == PathState.Up);
        // Its place is known when the loop that serves it has heard of it.
        RunFor(Ms);
        return client;
    }

    public void Hang(int server) => Network.Link(Servers[server].Endpoint).IsHung = true;

    public void Unhang(int server) => Network.Unhang(Servers[server].Endpoint);

    /// <summary>Has a command done; a moment passes.</summary>
    public Asked Begin(ControlRequest request)
    {
        var asked = new Asked(request);
        Loop.Post(() => Commands.Execute(asked.Exchange));
        RunFor(5 * Ms);
        return asked;
    }

    /// <summary>The same; it must be done by then.</summary>
    public ControlReply Do(ControlRequest request)
    {
        ControlReply reply = Begin(request).Reply.ShouldNotBeNull();
        reply.Error.ShouldBeNull();
        return reply;
    }

    /// <summary>The same; it must have failed. Returns the reason.</summary>
    public string Fail(ControlRequest request) =>
        Begin(request).Reply.ShouldNotBeNull().Error.ShouldNotBeNull();

    public void RunUntil(Func<bool> condition, long within = 60 * Second) =>
        Loop.RunUntil(condition, within).ShouldBeTrue($"not within {within / Ms} ms");

    public void RunFor(long ns) => Loop.RunFor(ns);

    public void Dispose()
    {
        Links.Release();
        foreach (NbdDevice client in Clients) client.Stop();
        foreach (MapStack stack in Channels.Stacks) stack.Drain();
        RunFor(Ms);
        foreach (MapStack stack in Channels.Stacks) stack.Stop();
        RunFor(Second);
        foreach (MapStack stack in Channels.Stacks)
        {
            stack.Pool.InUse.ShouldBe(0);
            foreach (MappedDevice map in stack.Devices.All) map.InFlight.ShouldBe(0);
        }
        Channels.Dispose();
        foreach (SimulatedServer server in Servers) server.Dispose();
        _store.Dispose();
    }

    private void Start()
    {
        bool reached = false;
        Channels.ReachPaths(() => reached = true);
        RunUntil(() => reached);
        bool made = false;
        Channels.MakeMap(problem => made = problem is null);
        RunUntil(() => made);
        Channels.Listen();
    }
}
