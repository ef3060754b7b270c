// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Daemon;
using Braid.Io;
using Braid.Mapper;

namespace Braid.Tests.Simulation;

/// <summary>
/// One seed from its beginning to its end: troubled rounds, each followed by calm in which all must
/// come to rest and be found as it should be; then the house is taken down, and nothing may be
/// left.
/// </summary>
internal sealed class SimRun
{
    /// <summary>Where it hangs.</summary>
    private string State()
    {
        string clients = string.Join(", ", _world.Clients.Select(client =>
            $"{client.Device.Name} {client.Device.State} "
            + $"{client.Device.Queue.Statistics.InFlight} in flight"));
        return "\n" + string.Join("; ", _world.Stacks.Select(State)) + "; clients: " + clients;
    }

    private static string State(MapStack stack)
    {
        var map = stack.Map!;
        return $"{map.Table?.Status()}; {(map.IsSuspended ? "suspended" : "live")}; held: "
            + string.Join(", ", map.Held().Take(10).Select(held => $"{held.Id} {held.Reason}"))
            + $"; {map.InFlight} in flight, {map.Queue?.Tags.InUse} tags; paths: "
            + string.Join(", ", stack.Paths.All.Select(path =>
                $"{path.Name} {path.State} {path.Queue.Statistics.InFlight} in flight, "
                + $"{path.Queue.Tags.InUse} tags{(path.IsBusy ? ", busy" : "")}"));
    }

    private const long Second = SimWorld.Second;

    /// <summary>
    /// From the end of the faults to the end of the last I/O: an I/O timeout, a connect that hangs,
    /// the longest wait before connecting again with its jitter, a probe, the longest wait of a
    /// request that has come back often, the time of a stale write.
    /// </summary>
    private const long CalmNs = 25 * Second;

    /// <summary>From then until no path is held down any more.</summary>
    private const long AllPathsNs = 60 * Second;

    /// <summary>From the end until no timer may be left: what was planned has run out.</summary>
    private const long SettleNs = 120 * Second;

    private readonly SimWorld _world;
    private readonly SimFaults _faults;
    private readonly SimOperator _operator;
    private bool _isCalm;

    private SimRun(SimWorld world)
    {
        _world = world;
        _faults = new SimFaults(world);
        _operator = new SimOperator(world);
    }

    /// <param name="plan">The seed's, or one like it.</param>
    /// <param name="isTraceFull">Tells of each I/O.</param>
    /// <param name="breakage">What is broken on purpose.</param>
    public static SimOutcome Run(
        SimPlan plan, bool isTraceFull, SimBreakage? breakage = null)
    {
        var world = new SimWorld(plan, isTraceFull) { Breakage = breakage };
        string? problem = null;
        var run = new SimRun(world);
        try
        {
            run.RunAll();
        }
        catch (Exception error)
        {
            problem = error is SimFailure ? error.Message : error.ToString();
        }
        // Not after a failure: what is left of the world cannot be relied on.
        if (problem is null) world.Dispose();
        return new SimOutcome
        {
            Seed = plan.Seed,
            Problem = problem,
            Trace = [.. world.Trace.Lines],
            Hash = world.Trace.Hash,
            VirtualNs = world.Loop.NowNs,
            Ios = world.Clients.Sum(client => client.Done),
            FailedIos = world.Clients.Sum(client => client.Failed),
            Faults = run._faults.Count,
            Hedges = world.Maps.Sum(map => map.Hedges?.Sent ?? 0),
            HedgesWon = world.Maps.Sum(map => map.Hedges?.Won ?? 0),
            Acts = run._operator.Count,
        };
    }

    private void RunAll()
    {
        _world.Trace.Tell(_world.Plan.ToString());
        Start();
        for (int round = 0; round < _world.Plan.Rounds; round++)
        {
            RunTroubled();
            if (_world.Plan.Restart is { } restart && restart.Round == round)
                Restart(restart.PatienceNs);
            BecomeCalm();
            Verify();
        }
        Stop();
    }

    private void Start()
    {
        LoopRandom random = SimRandom.For(_world.Plan.Seed, "start");
        bool isDark = random.Chance(150);
        foreach (SimServer server in _world.Servers)
            if (!isDark && random.Chance(900)) server.Start();
        StartDaemon();
        foreach (SimClient client in _world.Clients) client.Device.Start();
        foreach (SimServer server in _world.Servers) server.Start();
        Require(AreClientsUp, Second, "the clients do not connect");
    }

    private void StartDaemon()
    {
        bool reached = false;
        _world.Channels.ReachPaths(() => reached = true);
        Require(() => reached, 2 * Second, "reaching the paths takes too long");
        _world.Trace.Tell(_world.Tables.First);
        bool made = false;
        _world.Channels.MakeMap(problem => made = problem is null);
        Require(() => made, Second, "the map is not made");
        _operator.Meet();
        _world.Breakage?.OnMade(_world);
        _world.NotePaths();
        _world.Channels.Listen();
    }

    private void Drain()
    {
        foreach (MapStack stack in _world.Stacks) stack.Drain();
    }

    private void StopDaemon()
    {
        foreach (MapStack stack in _world.Stacks) stack.Stop();
    }

    private bool IsDrained() => _world.Stacks.All(stack => stack.IsDrained);

    /// <summary>
    /// The daemon ends in the middle of it all: each I/O is answered or cut off, nothing is left.
    /// Another takes over, and finds what was acknowledged.
    /// </summary>
    private void Restart(long patienceNs)
    {
        _world.Trace.Tell("the daemon is told to end");
        _world.Excuses.MayLoseClients = true;
        _operator.Leave();
        _world.Breakage?.OnStop(_world);
        Drain();
        bool isClean = _world.RunUntil(IsDrained, patienceNs);
        _world.Trace.Tell(isClean ? "the daemon has drained" : "the daemon waits no longer");
        StopDaemon();
        _world.RunFor(SimWorld.Ms);
        if (_world.Plan.Servers.HasHandlers) AwaitActivations();
        SimLeaks.CheckDaemon(_world);
        _world.Channels.Dispose();
        Require(AreClientsIdle, 5 * Second, "I/O that a daemon leaves unanswered");
        _faults.End();
        _world.Excuses.MayLoseClients = true;
        // Nobody knows any more what its paths may still do.
        _world.RunFor(_world.Plan.LatestNs + (2 * SimFaults.MaxDelayNs));
        Require(IsStorageIdle, 80 * Second, "requests that the servers never end");
        if (!isClean && _world.Plan.HasPrivateCaches) LoseCaches();
        _world.Replace();
        StartDaemon();
        foreach (SimClient client in _world.Clients) client.Device.Start();
        // One may have been in the middle of its handshake with the old one.
        Require(AreClientsUp, 10 * Second, "the clients do not find the new daemon");
        _world.Excuses.MayLoseClients = false;
        _world.RunFor(Second);
    }

    /// <summary>
    /// One that is under way is waited for, as long as its handler likes; but the current group is
    /// not to be taken away from it again and again.
    /// </summary>
    private void AwaitActivations()
    {
        _faults.End();
        _world.Excuses.MayLoseClients = true;
        _world.RunUntil(AreMapsIdle, 60 * Second);
    }

    /// <summary>
    /// What servers had cached before a daemon started it does not know: they are not to have any.
    /// </summary>
    private void LoseCaches()
    {
        foreach (SimServer server in _world.Servers)
        {
            server.Kill();
            server.Start();
        }
        _world.History.CacheLost(isKept: false);
    }

    private void RunTroubled()
    {
        _world.Trace.Tell("trouble begins");
        foreach (SimClient client in _world.Clients) client.Run();
        _faults.Begin();
        _operator.Begin();
        _world.RunFor(_world.Plan.RoundNs);
    }

    private void BecomeCalm()
    {
        foreach (SimClient client in _world.Clients) client.Pause();
        _faults.End();
        _operator.End();
        _isCalm = true;
        if (_world.Plan.StaleWrites == StaleWriteGuard.Proof)
        {
            // Until then there is no proof, however long that takes.
            Require(IsStorageIdle, 80 * Second, "requests that the servers never end");
            LowerShield();
        }
        if (!_world.RunUntil(AreClientsIdle, CalmNs))
            throw new SimFailure("I/O that does not end: " + string.Join(
                ", ", _world.Clients.SelectMany(client => client.InFlight).Take(10)) + State());
        Require(() => _operator.IsSettled, CalmNs, "commands that are not answered");
        // What a client has lost with its connection goes on without it.
        Require(AreMapsIdle, CalmNs, "I/O in the map that does not end");
        Require(AreAllPathsUsed, AllPathsNs, "paths that do not come back");
        Require(AreClientsUp, 5 * Second, "the clients do not connect again");
        Require(IsStorageIdle, 80 * Second, "requests that the servers never end");
        SimStatus.Check(_world);
        _world.History.Quiet();
        _isCalm = false;
    }

    /// <summary>
    /// Where only proof counts, an operator gives it: the servers have nothing left to do. Again
    /// and again: a path that was ill at the end of the trouble may be given up only now.
    /// </summary>
    private void LowerShield()
    {
        if (!_isCalm) return;
        if (IsStorageIdle())
            foreach (MappedDevice map in _world.Maps) map.Shield!.Lower();
        _world.After(Second, LowerShield);
    }

    private void Verify()
    {
        long chunk = Math.Min(SimWorld.VerifyBytes, _world.Plan.VolumeBytes);
        SimClient client = _world.Clients[0];
        for (long at = 0; at < _world.Plan.VolumeBytes; at += chunk)
        {
            client.Read(at, chunk);
            Require(() => client.IsIdle, 5 * Second, "a read in calm times takes too long");
        }
        if (_world.Plan.HasPrivateCaches)
        {
            // What a cache has lost is written again for this at the latest.
            client.Flush();
            Require(() => client.IsIdle, 5 * Second, "a flush in calm times takes too long");
        }
        if (client.Device.Limits.WriteCache && _world.Plan.IsVolatile) CheckStored();
        _world.Trace.Tell($"verified after {_world.Clients.Sum(c => c.Done)} I/Os");
    }

    private void CheckStored()
    {
        long start = _world.History.BeginRead(0, _world.History.Blocks);
        string? problem = _world.History.EndRead(
            start, 0, _world.History.Blocks, _world.Volume.Bytes);
        if (problem is not null) throw new SimFailure($"the store: {problem}");
    }

    private void Stop()
    {
        _world.Trace.Tell("the house is taken down");
        _world.Excuses.MayLoseClients = true;
        foreach (SimClient client in _world.Clients) client.Device.Stop();
        Drain();
        Require(IsDrained, 5 * Second, "the clients are not let go");
        StopDaemon();
        foreach (SimServer server in _world.Servers) server.Kill();
        _world.RunUntil(() => _world.Loop.Timers.Count == 0, SettleNs);
        SimLeaks.Check(_world);
    }

    private bool AreClientsIdle() => _world.Clients.TrueForAll(client => client.IsIdle);

    private bool AreClientsUp() =>
        _world.Clients.TrueForAll(client => client.Device.State == PathState.Up);

    /// <summary>
    /// But for a path that was added while its server lied about its size, and that a table has
    /// used since: it is not what it was, and refused for good.
    /// </summary>
    private bool AreAllPathsUsed() => _world.Stacks.All(stack => stack.Paths.All.All(
        path => path.SizeBytes != _world.Plan.VolumeBytes
            || (path.State == PathState.Up && stack.Paths.IsActive(path))));

    private bool AreMapsIdle() => _world.Maps.All(map => map.InFlight == 0);

    private bool IsStorageIdle() => _world.Servers.TrueForAll(server => server.Pending == 0);

    private void Require(Func<bool> condition, long withinNs, string otherwise)
    {
        if (!_world.RunUntil(condition, withinNs)) throw new SimFailure(otherwise);
    }
}
