// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Tests.Simulation;

/// <summary>
/// What goes wrong: servers die, hang, slow down, lie, lose their cache, come back; wires tear.
/// Each fault ends by itself, and all at once when the times become calm.
/// </summary>
internal sealed class SimFaults
{
    private const long Ms = SimWorld.Ms;
    private const long Second = SimWorld.Second;

    /// <summary>On a wire that does not hang no byte takes longer.</summary>
    public const long MaxDelayNs = 60 * Ms;

    private readonly SimWorld _world;
    private readonly LoopRandom _random;
    private readonly (int Weight, Action<SimServer> Fault)[] _faults;

    /// <summary>
    /// Counts the troubled times: what was planned in one does not reach the next.
    /// </summary>
    private int _time;

    public SimFaults(SimWorld world)
    {
        _world = world;
        _random = SimRandom.For(world.Plan.Seed, "faults");
        _faults =
        [
            (10, Kill), (10, Reset), (10, Hang), (4, Refuse), (6, Slow), (6, Tear), (4, Jitter),
            (8, Err), (6, BreakProtocol), (4, LeaveUnanswered), (3, BeMute), (3, ChangeSize),
            (3, Flap), (4, AllDown), (4, LosePower), (2, CutClients), (5, RefuseActivation),
        ];
    }

    public long Count { get; private set; }

    public void Begin()
    {
        _time++;
        foreach (SimServer server in _world.Servers)
            if (_random.Chance(200)) Do(Tear, server);
        Later(_random.Wait(_world.Plan.FaultEveryNs), Strike);
    }

    /// <summary>All is well again, and stays so.</summary>
    public void End()
    {
        _time++;
        _world.Trace.Tell("calm: all faults end");
        _world.Excuses.MayLoseClients = false;
        foreach (SimServer server in _world.Servers) Heal(server);
    }

    public void Heal(SimServer server)
    {
        server.Manners.Behave(_world.Plan.ServiceNs);
        SimulatedLink link = server.Link;
        link.JitterNs = 0;
        link.TearsAtBytes = 0;
        link.IsRefusing = false;
        server.Unhang();
        server.Start();
    }

    private void Strike()
    {
        SimServer server = _world.Servers[(int)_random.Next(_world.Servers.Count)];
        int draw = (int)_random.Next(_faults.Sum(fault => fault.Weight));
        int index = 0;
        while ((draw -= _faults[index].Weight) >= 0) index++;
        Do(_faults[index].Fault, server);
        Later(_random.Wait(_world.Plan.FaultEveryNs), Strike);
    }

    private void Do(Action<SimServer> fault, SimServer server)
    {
        Count++;
        fault(server);
    }

    private long Draw() => _random.Duration(Ms, 8 * Second);

    private void Later(long ns, Action action)
    {
        int time = _time;
        _world.After(ns, () =>
        {
            if (time == _time) action();
        });
    }

    /// <summary>Something that ends after a while.</summary>
    private void For(SimServer server, string what, Action begin, Action end)
    {
        long ns = Draw();
        _world.Trace.Tell($"{server.Name}: {what} for {ns / Ms} ms");
        begin();
        Later(ns, () =>
        {
            _world.Trace.Tell($"{server.Name}: no longer {what}");
            end();
        });
    }

    private void Kill(SimServer server) => For(server, "dead", server.Kill, server.Start);

    private void Reset(SimServer server)
    {
        _world.Trace.Tell($"{server.Name}: connections reset");
        _world.Wires.Reset(server.Endpoint);
    }

    private void Hang(SimServer server) => For(
        server, "hanging",
        server.Hang,
        server.Unhang);

    private void Refuse(SimServer server)
    {
        For(
            server, "refusing connections",
            () => server.Link.IsRefusing = true,
            () => server.Link.IsRefusing = false);
        if (_random.Chance(500)) Reset(server);
    }

    private void Slow(SimServer server) => For(
        server, "slow",
        () => server.Manners.ServiceNs = _random.Duration(Ms, Second),
        () => server.Manners.ServiceNs = _world.Plan.ServiceNs);

    private void Tear(SimServer server) => For(
        server, "tearing",
        () => server.Link.TearsAtBytes = _random.Pick(100, 700, 5000),
        () => server.Link.TearsAtBytes = 0);

    private void Jitter(SimServer server) => For(
        server, "jittery",
        () => server.Link.JitterNs = _random.Duration(100_000, 50 * Ms),
        () => server.Link.JitterNs = 0);

    private void Err(SimServer server) => For(
        server, "giving errors",
        () =>
        {
            server.Manners.PathErrors = _random.Pick(20, 100, 500, 1000);
            bool isHard = _world.Plan.Servers.HasHardErrors;
            server.Manners.HardErrors = isHard ? _random.Pick(0, 20, 200) : 0;
        },
        () => server.Manners.PathErrors = server.Manners.HardErrors = 0);

    private void BreakProtocol(SimServer server) => For(
        server, "breaking the protocol",
        () => server.Manners.Breaches = _random.Pick(5, 50, 500),
        () => server.Manners.Breaches = 0);

    private void LeaveUnanswered(SimServer server) => For(
        server, "leaving requests unanswered",
        () => server.Manners.Unanswered = _random.Pick(5, 50, 1000),
        () => server.Manners.Unanswered = 0);

    private void RefuseActivation(SimServer server)
    {
        if (!_world.Plan.Servers.HasHandlers) return;
        For(
            server, "hard to activate",
            () =>
            {
                server.Manners.Refusals = _random.Pick(0, 200, 1000);
                server.Manners.ActivationNs = _random.Duration(Ms, 3 * Second);
            },
            () => server.Manners.Refusals = (int)(server.Manners.ActivationNs = 0));
        // The next I/O chooses a group anew.
        _world.Target?.SwitchGroup(_world.Target.Groups[0]);
    }

    private void BeMute(SimServer server)
    {
        For(
            server, "mute",
            () => server.Manners.IsMute = true,
            () => server.Manners.IsMute = false);
        Reset(server);
    }

    private void ChangeSize(SimServer server)
    {
        long size = _world.Volume.SizeBytes;
        For(
            server, "of another size",
            () => server.Manners.ClaimedBytes = _random.Pick(size / 2, size - 512, size * 2),
            () => server.Manners.ClaimedBytes = 0);
        Reset(server);
        // Who is connected by then has been refused; the next connection finds the truth.
    }

    private void Flap(SimServer server)
    {
        long ns = _random.Duration(Ms, Second);
        int left = _random.Between(4, 30);
        _world.Trace.Tell($"{server.Name}: flaps every {ns / Ms} ms, {left} times");
        void Once()
        {
            if (server.IsRunning) server.Kill();
            else server.Start();
            if (--left > 0) Later(ns, Once);
            else server.Start();
        }

        Once();
    }

    private void AllDown(SimServer server)
    {
        foreach (SimServer each in _world.Servers)
            if (_random.Chance(900)) Kill(each);
    }

    /// <summary>The storage loses its power: all servers die, and the cache is lost.</summary>
    private void LosePower(SimServer server)
    {
        foreach (SimServer each in _world.Servers) each.Kill();
        int lost = 0;
        if (!_world.Plan.HasPrivateCaches)
        {
            lost = _world.Volume.LoseCache(0);
            _world.History.CacheLost(isKept: false);
        }
        long ns = Draw();
        _world.Trace.Tell($"power lost for {ns / Ms} ms, with {lost} blocks");
        foreach (SimServer each in _world.Servers)
            Later(ns + _random.Next(Second), each.Start);
    }

    private void CutClients(SimServer server)
    {
        _world.Trace.Tell("the clients' connections are reset");
        _world.Excuses.MayLoseClients = true;
        _world.Wires.Reset(SimWorld.MapEndpoint);
    }
}
