// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Braid.Daemon;
using Braid.Io;

namespace Braid.Tests.Simulation;

/// <summary>
/// An operator in the middle of it all: suspends, swaps tables, fails and reinstates paths, adds
/// and removes them, asks for the state, and lets clients come and go.
/// </summary>
internal sealed class SimOperator
{
    private const long Ms = SimWorld.Ms;
    private const long Second = SimWorld.Second;

    /// <summary>Half of what a daemon lets wait for one map.</summary>
    private const int MostAsked = 8;

    private readonly SimWorld _world;
    private readonly LoopRandom _random;
    private IControlCommands _commands;
    private readonly (int Weight, Action Act)[] _acts;

    /// <summary>Paths that are declared, those that were added among them.</summary>
    private List<string> _paths;

    /// <summary>What the live table, or a message since, says of I/O without a path.</summary>
    private bool _queues;

    /// <summary>The table in the inactive slot.</summary>
    private SimLoading? _loaded;

    /// <summary>Flushing suspends that were asked for, and those of them resumed since.</summary>
    private int _flushes;
    private int _resumedFlushes;

    /// <summary>Messages and tables that some loops may have followed, and some not yet.</summary>
    private int _undecided;

    /// <summary>Requests without a reply.</summary>
    private int _asked;
    private int _daemon;

    private int _time;
    private int _added;

    public SimOperator(SimWorld world)
    {
        _world = world;
        _random = SimRandom.For(world.Plan.Seed, "operator");
        _commands = world.NewCommands();
        _paths = [.. world.Servers.Select(server => server.Name)];
        _queues = world.Plan.QueueIfNoPath;
        _acts =
        [
            (10, FailPath), (8, ReinstatePath), (6, SwitchGroup), (4, BypassGroup), (6, Message),
            (12, Suspend), (10, Swap), (5, Look), (4, AddPath), (4, RemovePath), (3, CutClient),
            (3, Reload),
        ];
    }

    public long Count { get; private set; }

    /// <summary>In calm times: nothing that was asked for is under way, no map suspended.</summary>
    public bool IsSettled { get; private set; }

    public void Begin()
    {
        _time++;
        if (_world.Plan.ActEveryNs != long.MaxValue) Later(Wait(), Act);
    }

    /// <summary>Everything goes on, as the plan has it.</summary>
    public void End()
    {
        _time++;
        foreach (SimClient client in _world.Clients) client.Device.Start();
        Settle();
    }

    /// <summary>The daemon is to end: whatever was to be done with it is not.</summary>
    public void Leave() => _time++;

    /// <summary>Another has come, as the plan has it.</summary>
    public void Meet()
    {
        _commands = _world.NewCommands();
        _paths = [.. _world.Servers.Select(server => server.Name)];
        _queues = _world.Plan.QueueIfNoPath;
        _loaded = null;
        _flushes = _resumedFlushes = 0;
        _undecided = _asked = 0;
        _daemon++;
        NotePolicy();
    }

    private void Settle()
    {
        if (_world.Stack.Map is null) return;
        // On several loops a suspend that was asked for may not have begun.
        bool mayChange = _world.Plan.Channels > 1 && _asked > 0;
        IsSettled = !mayChange
            && !_world.Maps.Any(map => map.IsSuspended || map.IsInTransition);
        if (!IsSettled)
        {
            if (_world.Maps.Any(map => map.IsSuspended)) Resume();
            _world.After(10 * Ms, Settle);
            return;
        }
        if (_world.Plan.QueueIfNoPath && !_queues) Tell("queue_if_no_path");
        for (int group = 1; group <= _world.Target?.Groups.Count; group++)
            Tell("enable_group", Text(group));
    }

    private long Wait() => _random.Wait(_world.Plan.ActEveryNs);

    private void Act()
    {
        // Nobody asks for more and more while nothing is answered.
        if (_world.Plan.Channels > 1 && _asked >= MostAsked)
        {
            Later(Wait(), Act);
            return;
        }
        int draw = (int)_random.Next(_acts.Sum(act => act.Weight));
        int index = 0;
        while ((draw -= _acts[index].Weight) >= 0) index++;
        Count++;
        _acts[index].Act();
        SimStatus.Check(_world);
        Later(Wait(), Act);
    }

    private void Later(long ns, Action action)
    {
        int time = _time;
        _world.After(ns, () =>
        {
            if (time == _time) action();
        });
    }

    private void FailPath() => Tell("fail_path", APath());

    private void ReinstatePath() => Tell("reinstate_path", APath());

    private void SwitchGroup() => Tell("switch_group", AGroup());

    private void BypassGroup() =>
        Tell(_random.Pick("disable_group", "disable_group", "enable_group"), AGroup());

    private void Message()
    {
        if (_world.Plan.QueueIfNoPath && _random.Chance(700)) Tell("queue_if_no_path");
        else Tell(_random.Pick("fail_if_no_path", "queue_if_no_path"));
    }

    private void Suspend()
    {
        bool noFlush = _random.Chance(700);
        if (!noFlush)
        {
            _flushes++;
            NotePolicy();
        }
        Ask(new ControlRequest { Command = "suspend", Name = "sim", Noflush = noFlush }, _ => { });
        Later(_random.Duration(Ms, 2 * Second), Resume);
    }

    private void Resume()
    {
        SimLoading? loaded = _loaded;
        _loaded = null;
        int flushes = _flushes;
        int some = Undecided(loaded?.MayFail is true);
        Ask(new ControlRequest { Command = "resume", Name = "sim", Noflush = true }, error =>
        {
            _undecided -= some;
            if (error is null && loaded?.Table is { } table) _queues = SimTables.Queues(table);
            if (_world.Stack.Map is { IsSuspended: false })
                _resumedFlushes = Math.Max(_resumedFlushes, flushes);
            NotePolicy();
        });
    }

    private void Reload()
    {
        // Of the servers' own paths all, so that calm times have one that works; of others some,
        // but none that was added while its server lied about its size.
        List<string> paths =
        [
            .. _paths.Where(name => name[0] == 's' || (HasTrueSize(name) && _random.Chance(700))),
        ];
        string table = _world.Tables.Draw(paths);
        var loading = _loaded = new SimLoading(table, _loaded);
        Ask(new ControlRequest { Command = "reload", Name = "sim", Table = table }, error =>
        {
            loading.IsRefused = error is not null;
        });
    }

    private void Swap()
    {
        Reload();
        Resume();
    }

    private void Look()
    {
        string command = _random.Pick("status", "table", "info", "path_list");
        Ask(new ControlRequest { Command = command }, error =>
        {
            if (error is not null) _world.Fail($"{command}: {error}");
        });
    }

    private void AddPath()
    {
        if (_paths.Count >= 12) return;
        string name = $"x{_added++}";
        SimServer server = _world.Servers[(int)_random.Next(_world.Servers.Count)];
        Ask(
            new ControlRequest { Command = "path_add", Name = name, Uri = server.Uri },
            error =>
            {
                if (error is null) _paths.Add(name);
            });
    }

    private void RemovePath()
    {
        string name = APath();
        // Servers' own paths stay: they are what the world is about.
        if (name[0] != 'x') return;
        Ask(new ControlRequest { Command = "path_remove", Name = name }, error =>
        {
            if (error is null) _paths.Remove(name);
        });
    }

    private void CutClient()
    {
        SimClient client = _world.Clients[(int)_random.Next(_world.Clients.Count)];
        _world.Excuses.MayLoseClients = true;
        client.Device.Stop();
        Later(_random.Duration(Ms, Second), client.Device.Start);
    }

    private bool HasTrueSize(string name) => _world.Stack.Paths.All.Any(
        path => path.Name == name
            && (path.SizeBytes == 0 || path.SizeBytes == _world.Plan.VolumeBytes));

    private string APath() => _paths[(int)_random.Next(_paths.Count)];

    private string AGroup() => Text(1 + (int)_random.Next(_world.Target?.Groups.Count ?? 1));

    private void Tell(params string[] words)
    {
        int some = Undecided(words[0] == "fail_if_no_path");
        Ask(new ControlRequest { Command = "message", Name = "sim", Words = words }, error =>
        {
            if (words.Length > 1) return;
            _undecided -= some;
            if (error is null) _queues = words[0] == "queue_if_no_path";
            NotePolicy();
        });
    }

    /// <summary>I/O may fail from now on; on one loop it is done before this is left.</summary>
    private int Undecided(bool mayFail)
    {
        int some = mayFail && _world.Plan.Channels > 1 ? 1 : 0;
        _undecided += some;
        NotePolicy();
        return some;
    }

    private void NotePolicy() =>
        _world.Excuses.FailsWithoutPath = !_queues || _flushes > _resumedFlushes || _undecided > 0;

    private void Ask(ControlRequest request, Action<string?> done)
    {
        string words = string.Join(' ', request.Words ?? [request.Table ?? request.Uri ?? ""]);
        string what = $"{request.Command} {request.Name} {words}".TrimEnd()
            + (request.Noflush ? " noflush" : "");
        _world.Trace.Tell($"operator: {what}");
        int daemon = _daemon;
        _asked++;
        _commands.Execute(new ControlExchange(request, reply =>
        {
            // It may be of a daemon that is no more.
            if (daemon != _daemon) return;
            _asked--;
            _world.AttachHandlers();
            if (reply.Error is { } error) _world.Trace.Tell($"operator: {what}: {error}");
            else if (_world.Plan.Channels > 1) _world.Trace.Tell($"operator: {what}: done");
            _world.NotePaths();
            done(reply.Error);
        }));
        _world.AttachHandlers();
        _world.NotePaths();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
