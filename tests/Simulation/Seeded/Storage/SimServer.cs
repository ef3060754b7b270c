// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Tests.Simulation;

/// <summary>An NBD server of our own, a path's other end: honest, slow, broken or dead.</summary>
internal sealed class SimServer
{
    private readonly List<SimSession> _sessions = [];
    private Listener? _listener;

    private long? _hungSinceNs;

    public SimServer(SimWorld world, int number, SimServerKind kind)
    {
        World = world;
        Name = $"s{number}";
        Cache = world.Plan.HasPrivateCaches ? number : 0;
        Kind = kind;
        Endpoint = Endpoint.Unix($"/sim/{Name}");
        Random = SimRandom.For(world.Plan.Seed, Name);
        Manners.Behave(world.Plan.ServiceNs);
    }

    public SimWorld World { get; }

    public string Name { get; }

    public SimServerKind Kind { get; }

    /// <summary>Where it keeps first what it is given: its own cache, or the one of all.</summary>
    public int Cache { get; }

    public Endpoint Endpoint { get; }

    public string Uri => $"nbd+unix:///volume?socket={Endpoint.SocketPath}";

    public LoopRandom Random { get; }

    public SimManners Manners { get; } = new();

    public SimulatedLink Link => World.Wires.Link(Endpoint);

    public bool IsRunning => _listener is not null;

    /// <summary>Requests that are not done yet, or not answered.</summary>
    public int Pending { get; set; }

    public void Start()
    {
        if (IsRunning) return;
        Listener listener = World.Network.Listen(Endpoint);
        _listener = listener;
        World.Network.Offload(() => AcceptAsync(listener));
    }

    /// <summary>
    /// The process dies: connections are reset, nobody listens, a cache of its own is lost.
    /// </summary>
    public void Kill()
    {
        _listener?.Dispose();
        _listener = null;
        foreach (SimSession session in _sessions.ToArray()) session.End();
        World.Wires.Reset(Endpoint);
        if (!World.Plan.HasPrivateCaches) return;
        int lost = World.Volume.LoseCache(Cache);
        World.History.CacheLost(World.Plan.KeepsWrites);
        if (lost > 0) World.Trace.Tell($"{Name}: its cache is lost, with {lost} blocks");
        World.Breakage?.OnCacheLost(World);
    }

    public void Hang()
    {
        _hungSinceNs ??= World.Loop.NowNs;
        Link.IsHung = true;
    }

    /// <summary>What was held comes, and is as old as that.</summary>
    public void Unhang()
    {
        World.Wires.Unhang(Endpoint);
        _hungSinceNs = null;
    }

    /// <summary>No later than that was sent what comes now.</summary>
    public long SentNs => (_hungSinceNs ?? World.Loop.NowNs) - SimFaults.MaxDelayNs;

    public void Ended(SimSession session) => _sessions.Remove(session);

    private async Task AcceptAsync(Listener listener)
    {
        while (_listener == listener)
        {
            Connection client = await listener.AcceptAsync(CancellationToken.None)
                .ConfigureAwait(false);
            var session = new SimSession(this, (SimulatedConnection)client);
            _sessions.Add(session);
            World.Network.Offload(session.RunAsync);
        }
    }
}
