// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Daemon;
using Braid.Io;
using Braid.Mapper;
using Braid.Multipath;
using Braid.Transports.Nbd;
using Braid.Wire.Nbd;

namespace Braid.Tests.Simulation;

/// <summary>
/// All of a seed's world on one simulated loop: the volume, its servers, the wires, the whole
/// engine, its clients, and who checks them.
/// </summary>
internal sealed class SimWorld : IDisposable
{
    public const long Ms = 1_000_000;
    public const long Second = 1000 * Ms;

    /// <summary>Read at once when all is verified.</summary>
    public const int VerifyBytes = 64 << 10;

    private const string Export = "nbd+unix:///sim?socket=/sim/map";

    public SimWorld(SimPlan plan, bool isTraceFull)
    {
        Plan = plan;
        Loop = new SimulatedLoop(SimRandom.For(plan.Seed, "loop").NextUInt64());
        Trace = new SimTrace(Loop, isTraceFull);
        Wires = new SimulatedNetwork(Loop);
        Network = new SimNetwork(Wires, error => Fail(error.ToString()));
        Volume = new SimVolume(
            plan.VolumeBytes, plan.IsVolatile, SimRandom.For(plan.Seed, "volume"));
        History = new BlockHistory(
            (int)(plan.VolumeBytes / Stamp.BlockBytes), plan.IsVolatile, plan.HasPrivateCaches);
        Excuses = new SimExcuses(History);
        Judge = new SimJudge(this);
        for (int i = 0; i < plan.Paths; i++)
            Servers.Add(new SimServer(this, i, plan.Servers));
        foreach (SimServer server in Servers) plan.Wire.Set(server.Link);
        plan.Wire.Set(Wires.Link(MapEndpoint));
        Tables = new SimTables(plan);
        Channels = MakeChannels();
        for (int i = 0; i < plan.Load.Clients; i++)
            Clients.Add(new SimClient(this, $"c{i}", Export));
    }

    public static Endpoint MapEndpoint { get; } = Endpoint.Unix("/sim/map");

    public SimPlan Plan { get; }

    public SimulatedLoop Loop { get; }

    public SimTrace Trace { get; }

    /// <summary>The wires, for faults.</summary>
    public SimulatedNetwork Wires { get; }

    /// <summary>The same, for whoever uses them.</summary>
    public SimNetwork Network { get; }

    public SimVolume Volume { get; }

    public BlockHistory History { get; }

    public SimExcuses Excuses { get; }

    public SimJudge Judge { get; }

    public SimTables Tables { get; }

    public List<SimServer> Servers { get; } = [];

    /// <summary>The daemon, whole.</summary>
    public ChannelSet Channels { get; private set; }

    /// <summary>The lead's part of it.</summary>
    public MapStack Stack => Channels.Lead;

    /// <summary>All parts of it.</summary>
    public IReadOnlyList<MapStack> Stacks => Channels.Stacks;

    /// <summary>The map on each loop.</summary>
    public IEnumerable<MappedDevice> Maps =>
        Stacks.Select(stack => stack.Map).OfType<MappedDevice>();

    public List<SimClient> Clients { get; } = [];

    /// <summary>What is broken on purpose; null in the world as it is.</summary>
    public SimBreakage? Breakage { get; init; }

    /// <summary>What a checker has found first; null while all is well.</summary>
    public string? Problem { get; private set; }

    /// <summary>The live multipath target; null before there is one.</summary>
    public MultipathTarget? Target => Stack.Map is { } map ? TargetOf(map) : null;

    /// <summary>What is kept for private caches; null where there is one for all.</summary>
    public PrivateCaches? Caches =>
        Stack.Map?.Queue?.Driver is RequestMapper mapper ? mapper.Caches : null;

    /// <summary>The daemon is gone; another is made over the same servers.</summary>
    public void Replace() => Channels = MakeChannels();

    /// <summary>What an operator of the daemon talks to.</summary>
    public IControlCommands NewCommands() => Plan.Channels == 1
        ? new ControlCommands(Stack)
        : new ChannelCommands(Channels);

    public static MultipathTarget? TargetOf(MappedDevice map) =>
        map.Table?.Entries[0].Target as MultipathTarget;

    /// <summary>Paths that have come since get the handlers of their servers.</summary>
    public void AttachHandlers()
    {
        foreach (MapStack stack in Stacks) AttachHandlers(stack);
    }

    /// <summary>A checker has found something: the run ends.</summary>
    public void Fail(string problem)
    {
        if (Problem is not null) return;
        Problem = problem;
        Trace.Tell($"FAILED: {problem}");
    }

    public void After(long ns, Action action) => Loop.CreateTimer(action).Arm(ns);

    /// <summary>Runs until it holds; false when the time has passed, or all is over.</summary>
    public bool RunUntil(Func<bool> condition, long withinNs)
    {
        bool holds = Loop.RunUntil(() => Problem is not null || condition(), withinNs);
        if (Problem is { } problem) throw new SimFailure(problem);
        return holds;
    }

    public void RunFor(long ns)
    {
        long end = Loop.NowNs + ns;
        RunUntil(() => false, ns);
        if (Loop.NowNs < end) Loop.RunFor(end - Loop.NowNs);
    }

    /// <summary>After whatever may have changed what I/O has to fear.</summary>
    public void NotePaths() => Excuses.HasNoPath =
        Maps.Any(map => TargetOf(map) is { ValidPaths: 0 });

    public void Dispose()
    {
        Channels.Dispose();
        foreach (SimClient client in Clients) client.Dispose();
    }

    private ChannelSet MakeChannels()
    {
        IoLoop[] loops = [.. Enumerable.Repeat(Loop, Plan.Channels)];
        var channels = new ChannelSet(
            loops, new SimLinks(this), Network, Options(), new SimLogger(this));
        foreach (MapStack stack in channels.Stacks) AttachHandlers(stack);
        return channels;
    }

    private void AttachHandlers(MapStack stack)
    {
        if (!Plan.Servers.HasHandlers) return;
        foreach (PathDevice path in stack.Paths.All)
            path.Handler ??= new SimHandler(Servers.First(
                server => NbdUri.Parse(server.Uri).ToString() == path.Uri));
    }

    private MapOptions Options() => new()
    {
        Name = "sim",
        Paths = [.. Servers.Select(server => new DeclaredPath(server.Name, server.Uri))],
        Exports = [Export],
        SizeBytes = Plan.VolumeBytes,
        Table = Tables.First,
        MinBlock = Plan.Servers is { TellsBlockSize: true, MinBlock: > 1 } kind
            ? kind.MinBlock
            : null,
        MaxRequestBytes = Plan.Servers.TellsBlockSize ? Plan.Servers.MaxPayload : null,
        WriteCache = Plan.MapQueue.WriteCache,
        Queue = Plan.MapQueue,
        Hedging = Plan.MapQueue.Hedging,
        PathQueue = Plan.PathQueue,
        Nbd = new NbdSettings
        {
            IoTimeoutNs = Plan.IoTimeoutNs,
            ConnectTimeoutNs = Second,
            StaleWrites = Plan.StaleWrites,
        },
        PoolBytes = Plan.PoolBytes,
    };
}
