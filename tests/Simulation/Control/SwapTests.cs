// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Daemon;
using Braid.Io;
using Braid.Mapper;

namespace Braid.Tests.Simulation;

/// <summary>Tables and paths change under a client's load, which must not notice.</summary>
public sealed class SwapTests
{
    private const long Ms = 1_000_000;
    private const long Sectors = SimulatedWorld.VolumeBytes / Table.SectorSize;

    public static TheoryData<ulong> Seeds =>
        [.. Enumerable.Range(1, 40).Select(seed => (ulong)seed)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Reloads_suspends_and_dying_paths_lose_and_fail_nothing(ulong seed)
    {
        using var world = new SimulatedWorld(seed, 3, options => options with
        {
            QueueIfNoPath = true,
            BioMode = seed % 3 == 0,
        });
        world.Start();
        using var load = new VerifiedLoad(
            world.Loop, world.Client, depth: 1 + (int)(seed % 24));
        load.Start(6000);
        var commands = new ControlCommands(world.Stack);
        var asked = new List<Asked>();
        while (!load.IsIdle)
        {
            world.RunFor(1 + world.Loop.Random.Next(20 * Ms));
            asked.Add(Ask(world, commands, Random(world, isBio: seed % 3 == 0)));
            world.Disturb(hangs: false);
        }
        world.HealAll();
        asked.Add(Ask(world, commands, Named("resume")));
        world.RunUntil(() => asked.TrueForAll(one => one.Reply is not null));
        world.RunUntil(() => world.Stack.Paths.All.All(world.Stack.Paths.IsActive));
        load.StartVerify();
        world.RunUntil(() => load.IsIdle);
        load.Errors.ShouldBeEmpty();
        asked.ShouldAllBe(one => one.Reply!.Error == null);
        world.StopAndCheckForLeaks();
    }

    [Fact]
    public void A_smaller_table_waits_until_the_clients_have_gone()
    {
        using var world = new SimulatedWorld(1, 1, options => options);
        world.Start();
        var commands = new ControlCommands(world.Stack);
        Done(Ask(world, commands, Reload("0 16 multipath 0 0 1 1 round-robin 0 1 0 s0")));
        Ask(world, commands, Named("resume")).Reply!.Error.ShouldBe(
            "client client of 'sim' was told otherwise: "
            + "that there are 4194304 bytes, not 8192; the new table is dropped, "
            + "sim goes on with the old one");
        // The old table goes on, and the new one is dropped.
        world.Stack.Map!.IsSuspended.ShouldBeFalse();
        world.Stack.Map.InactiveTable.ShouldBeNull();
        world.Stack.Map.SizeBytes.ShouldBe(SimulatedWorld.VolumeBytes);
        world.Client.Stop();
        world.RunFor(SimulatedWorld.Second);
        Done(Ask(world, commands, Reload("0 16 multipath 0 0 1 1 round-robin 0 1 0 s0")));
        Done(Ask(world, commands, Named("resume")));
        world.Stack.Map.SizeBytes.ShouldBe(8192);
        world.Stack.Exports.Servers.Single().Clients.ShouldBe(0);
        world.StopAndCheckForLeaks();
    }

    [Fact]
    public void Who_connects_after_a_reload_is_told_the_new_size_and_who_was_there_the_old_one()
    {
        using var world = new SimulatedWorld(1, 1, options => options with
        {
            Table = "0 16 multipath 0 0 1 1 round-robin 0 1 0 s0",
        });
        world.Start();
        var commands = new ControlCommands(world.Stack);
        world.Client.SizeBytes.ShouldBe(8192);
        Done(Ask(world, commands, Reload("0 32 multipath 0 0 1 1 round-robin 0 1 0 s0")));
        Done(Ask(world, commands, Named("resume")));
        world.Stack.Map!.SizeBytes.ShouldBe(16384);
        Endpoint map = Endpoint.Unix("/sim/map");
        ScriptedClient late = ScriptedClient.Connect(world.Loop, world.Network, map)
            .Go("sim", structured: false);
        late.Command(Wire.Nbd.NbdCommand.Read, 1, 8192, 8192);
        late.SimpleReply().Error.ShouldBe(Wire.Nbd.NbdError.None);
        late.Close();
        world.StopAndCheckForLeaks();
    }

    [Fact]
    public void A_map_with_a_client_is_not_removed()
    {
        using var world = new SimulatedWorld(1, 1, options => options);
        world.Start();
        var commands = new ControlCommands(world.Stack);
        Ask(world, commands, Named("remove")).Reply!.Error
            .ShouldBe("sim is in use by client client");
        world.Client.Stop();
        world.RunFor(SimulatedWorld.Second);
        Done(Ask(world, commands, Named("remove")));
        world.StopAndCheckForLeaks();
    }

    [Fact]
    public void A_path_that_comes_is_held_to_what_the_new_table_has_promised()
    {
        using var world = new SimulatedWorld(1, 2, options => options);
        world.Start();
        var commands = new ControlCommands(world.Stack);
        Asked added = Ask(world, commands, new ControlRequest
        {
            Command = "path_add", Name = "c", Uri = "nbd+unix:///x?socket=/sim/small",
        });
        world.RunUntil(() => added.Reply is not null);
        Done(added);
        PathDevice path = world.Stack.Paths.All[^1];
        path.SizeBytes.ShouldBe(0);
        Done(Ask(world, commands, Reload(
            $"0 {Sectors} multipath 0 0 1 1 round-robin 0 2 0 s0 c")));
        Done(Ask(world, commands, Named("resume")));
        using var small = new SimulatedServerOfSize(
            world.Loop, world.Network, Endpoint.Unix("/sim/small"), () => 1 << 20);
        world.RunUntil(() => path.State == PathState.Refused);
        path.Problem.ShouldBe("its size is 1048576 bytes, of which 4194304 are mapped");
        world.Stack.Paths.IsActive(path).ShouldBeFalse();
        world.StopAndCheckForLeaks();
    }

    [Fact]
    public void A_suspend_goes_on_when_its_client_has_gone_and_others_have_a_bound()
    {
        using var world = new SimulatedWorld(1, 1, options => options);
        world.Start();
        using var load = new VerifiedLoad(world.Loop, world.Client, depth: 4);
        world.Network.Link(world.Servers[0].Endpoint).IsHung = true;
        load.Start(4);
        world.RunFor(Ms);
        var commands = new ControlCommands(world.Stack);
        Asked asked = Ask(world, commands, Named("suspend"));
        asked.Reply.ShouldBeNull();
        asked.Exchange.Abandon();
        Asked[] others =
            [.. Enumerable.Range(0, 20).Select(_ => Ask(world, commands, Named("suspend")))];
        others.Count(one => one.Reply is { Error: not null }).ShouldBe(4);
        world.Network.Unhang(world.Servers[0].Endpoint);
        world.RunUntil(() => load.IsIdle);
        world.RunFor(Ms);
        world.Stack.Map!.IsSuspended.ShouldBeTrue();
        asked.Reply.ShouldBeNull();
        others.Count(one => one.Reply is { Error: { } error }
            && error.EndsWith("was being suspended or resumed already", StringComparison.Ordinal))
            .ShouldBe(16);
        load.Errors.ShouldBeEmpty();
        world.StopAndCheckForLeaks();
    }

    [Fact]
    public void What_waits_in_a_suspended_map_ends_when_the_house_does()
    {
        using var world = new SimulatedWorld(1, 1, options => options with
        {
            QueueIfNoPath = true,
        });
        world.Start();
        using var load = new VerifiedLoad(world.Loop, world.Client, depth: 4);
        Done(Ask(world, new ControlCommands(world.Stack), Named("suspend")));
        load.Start(4);
        world.RunFor(Ms);
        world.Stack.Map!.InFlight.ShouldBeGreaterThan(0);
        world.Client.Stop();
        world.Stack.Drain();
        world.RunFor(SimulatedWorld.Second);
        world.Stack.IsDrained.ShouldBeFalse();
        world.Stack.Stop();
        world.RunUntil(() => world.Stack.IsDrained);
        world.Stack.Map.InFlight.ShouldBe(0);
        world.Stack.Pool.InUse.ShouldBe(0);
        foreach (SimulatedServer server in world.Servers) server.Kill();
    }

    private static ControlRequest Named(string command, bool noFlush = true) =>
        new() { Command = command, Name = "sim", Noflush = noFlush };

    private static ControlRequest Reload(string table) =>
        new() { Command = "reload", Name = "sim", Table = table };

    private static Asked Ask(
        SimulatedWorld world, ControlCommands commands, ControlRequest request)
    {
        var asked = new Asked(request);
        world.Loop.Post(() => commands.Execute(asked.Exchange));
        world.RunFor(Ms / 100);
        return asked;
    }

    private static void Done(Asked asked) => asked.Reply.ShouldNotBeNull().Error.ShouldBeNull();

    private static ControlRequest Random(SimulatedWorld world, bool isBio)
    {
        LoopRandom random = world.Loop.Random;
        return random.Next(4) switch
        {
            0 => Named("suspend"),
            1 => Reload(RandomTable(random, isBio)),
            _ => Named("resume"),
        };
    }

    private static string RandomTable(LoopRandom random, bool isBio)
    {
        string[] selectors = ["round-robin", "queue-length", "service-time"];
        string selector = selectors[random.Next(selectors.Length)];
        string features = isBio ? "3 queue_if_no_path queue_mode bio" : "1 queue_if_no_path";
        string groups = random.Next(3) switch
        {
            0 => $"1 1 {selector} 0 3 0 s0 s1 s2",
            1 => $"2 1 {selector} 0 1 0 s2 {selector} 0 2 0 s0 s1",
            _ => $"3 2 {selector} 0 1 0 s0 {selector} 0 1 0 s1 {selector} 0 1 0 s2",
        };
        return $"0 {Sectors} multipath {features} 0 {groups}";
    }
}
