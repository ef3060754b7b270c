// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Daemon;
using Braid.Io;
using Braid.Transports.Nbd;

namespace Braid.Tests.Simulation;

/// <summary>Paths die and come back under load; the client must not notice.</summary>
public sealed class FailoverTests
{
    private const long Ms = 1_000_000;

    public static TheoryData<ulong> Seeds =>
        [.. Enumerable.Range(1, 40).Select(seed => (ulong)seed)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Killed_and_hung_paths_lose_nothing_and_come_back(ulong seed)
    {
        using var world = new SimulatedWorld(seed, 1 + (int)(seed % 4), Options(seed));
        foreach (SimulatedServer server in world.Servers)
            world.Network.Link(server.Endpoint).TearsAtBytes = seed % 3 == 0 ? 700 : 0;
        world.Start();
        using var load = new VerifiedLoad(
            world.Loop, world.Client, depth: 1 + (int)(seed % 24));
        load.Start(8000);
        while (!load.IsIdle)
        {
            world.RunFor(1 + world.Loop.Random.Next(40 * Ms));
            world.Disturb(hangs: true);
        }
        world.HealAll();
        world.RunUntil(() => world.Stack.Paths.All.All(world.Stack.Paths.IsActive));
        load.StartVerify();
        world.RunUntil(() => load.IsIdle);
        load.Errors.ShouldBeEmpty();
        world.StopAndCheckForLeaks();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_path_that_only_rests_is_used_before_io_fails_without_one(bool bioMode)
    {
        using var world = new SimulatedWorld(1, 2, options => options with { BioMode = bioMode });
        world.Start();
        PathDevice[] paths = [.. world.Stack.Paths.All];
        using var load = new VerifiedLoad(world.Loop, world.Client, depth: 8);
        load.Start(1_000_000);
        // It has died so often that it rests when it is back.
        for (int i = 0; i < 4; i++)
        {
            world.Servers[0].Kill();
            world.RunFor(100 * Ms);
            world.Servers[0].Start();
            world.RunUntil(() => paths[0].State == PathState.Up);
            world.RunFor(100 * Ms);
        }
        world.Stack.Paths.IsActive(paths[0]).ShouldBeFalse();
        world.Servers[1].Kill();
        world.RunFor(100 * Ms);
        world.Stack.Paths.IsActive(paths[0]).ShouldBeTrue();
        load.Done.ShouldBeLessThan(1_000_000);
        load.Errors.ShouldBeEmpty();
    }

    /// <summary>Two paths rest when the last one dies; one of them hangs, with no I/O.</summary>
    [Fact]
    public void A_path_that_hangs_while_it_rests_is_not_the_one_that_is_used()
    {
        using var world = new SimulatedWorld(1, 3, options => options);
        world.Start();
        PathDevice[] paths = [.. world.Stack.Paths.All];
        using var load = new VerifiedLoad(world.Loop, world.Client, depth: 8);
        load.Start(1_000_000);
        for (int i = 0; i < 4; i++)
        {
            foreach (SimulatedServer server in world.Servers.Take(2)) server.Kill();
            world.RunFor(100 * Ms);
            foreach (SimulatedServer server in world.Servers.Take(2)) server.Start();
            world.RunUntil(() => paths.All(path => path.State == PathState.Up));
            world.RunFor(100 * Ms);
        }
        paths.Count(world.Stack.Paths.IsActive).ShouldBe(1);
        world.Network.Link(world.Servers[0].Endpoint).IsHung = true;
        // As long as it takes to be probed.
        world.RunFor(1200 * Ms);

        world.Servers[2].Kill();
        world.RunFor(5 * Ms);
        long done = load.Done;
        world.RunFor(10 * Ms);

        paths[0].State.ShouldBe(PathState.Up);
        world.Stack.Paths.IsActive(paths[0]).ShouldBeFalse();
        world.Stack.Paths.IsActive(paths[1]).ShouldBeTrue();
        load.Done.ShouldBeGreaterThan(done);
        load.Errors.ShouldBeEmpty();
        world.HealAll();
    }

    /// <summary>Both maps have a path that rests, and one of the two hangs.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Only_paths_of_the_map_that_has_lost_its_last_one_step_in(int hung)
    {
        using var world = new SimulatedWorld(
            1, 4, options => options with { Table = OverPaths("s0 s1") });
        world.Start();
        world.Stack.Devices.Create("other", OverPaths("s2 s3"));
        PathDevice[] paths = [.. world.Stack.Paths.All];
        for (int i = 0; i < 4; i++)
        {
            foreach (int server in (int[])[1, 3]) world.Servers[server].Kill();
            world.RunFor(100 * Ms);
            foreach (int server in (int[])[1, 3]) world.Servers[server].Start();
            world.RunUntil(() => paths.All(path => path.State == PathState.Up));
            world.RunFor(100 * Ms);
        }
        paths.Count(world.Stack.Paths.IsActive).ShouldBe(2);
        world.Network.Link(world.Servers[hung].Endpoint).IsHung = true;
        world.RunFor(1200 * Ms);

        world.Servers[0].Kill();
        world.RunFor(5 * Ms);

        paths.Select(world.Stack.Paths.IsActive).ShouldBe([false, true, true, false]);
        world.HealAll();
    }

    [Fact]
    public void A_loop_that_stood_still_longer_than_the_io_timeout_fails_no_path()
    {
        using var world = new SimulatedWorld(1, 2, options => options);
        world.Start();
        using var load = new VerifiedLoad(world.Loop, world.Client, depth: 16);
        load.Start(4000);
        for (int i = 0; i < 8; i++)
        {
            world.RunFor(5 * Ms);
            load.IsIdle.ShouldBeFalse();
            world.Loop.StandStill(3 * SimulatedWorld.Second);
        }
        world.RunUntil(() => load.IsIdle);
        load.Errors.ShouldBeEmpty();
        foreach (PathDevice path in world.Stack.Paths.All)
            ((NbdDevice)path).Connects.ShouldBe(1);
    }

    /// <summary>
    /// The time limit of the I/O, and each new one after it, ends while the loop stands still for
    /// so long that the replies may all lie in the socket.
    /// </summary>
    [Fact]
    public void A_loop_that_is_late_again_and_again_gives_up_a_path_that_hangs()
    {
        using var world = new SimulatedWorld(1, 2, options => options);
        world.Start();
        using var load = new VerifiedLoad(world.Loop, world.Client, depth: 16);
        load.Start(4000);
        world.RunFor(5 * Ms);
        world.Network.Link(world.Servers[0].Endpoint).IsHung = true;
        for (int i = 0; i < 8; i++)
        {
            world.RunFor(10 * Ms);
            world.Loop.StandStill(280 * Ms);
        }
        world.RunFor(Ms);
        load.IsIdle.ShouldBeFalse();
        world.Stack.Paths.IsActive(world.Stack.Paths.All[0]).ShouldBeFalse();
        world.HealAll();
        world.RunUntil(() => load.IsIdle);
        load.Errors.ShouldBeEmpty();
    }

    /// <summary>The first has been down for so long that it is asked every 5 s.</summary>
    [Fact]
    public void A_path_that_is_back_is_found_soon_when_the_last_other_one_dies()
    {
        using var world = new SimulatedWorld(
            1, 2, options => options with { QueueIfNoPath = true });
        world.Start();
        world.Servers[0].Kill();
        world.RunFor(60 * SimulatedWorld.Second);
        world.Servers[1].Kill();
        world.Servers[0].Start();
        using var io = new MapIo(world, BlockOperation.Write, 0, 1);
        world.RunUntil(() => io.IsDone, within: 200 * Ms);
        io.Status.ShouldBe(BlockStatus.Ok);
    }

    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        (long Time, long Requests) first = Trace(7);
        (long Time, long Requests) second = Trace(7);
        second.ShouldBe(first);
        Trace(8).ShouldNotBe(first);
    }

    private static (long Time, long Requests) Trace(ulong seed)
    {
        using var world = new SimulatedWorld(seed, 2, Options(seed));
        world.Start();
        using var load = new VerifiedLoad(world.Loop, world.Client, 8);
        load.Start(500);
        world.RunUntil(() => load.IsIdle);
        return (world.Loop.NowNs, world.Stack.Map!.Statistics.Writes);
    }

    private static Func<MapOptions, MapOptions> Options(ulong seed) => options => options with
    {
        QueueIfNoPath = true,
        Selector = (seed % 3) switch
        {
            0 => "round-robin 0",
            1 => "queue-length 0",
            _ => "service-time 0",
        },
        BioMode = seed % 5 == 0,
        Grouping = seed % 2 == 0 ? GroupingPolicy.Failover : GroupingPolicy.Multibus,
        Queue = options.Queue with { Scheduler = (SchedulerKind)(seed / 2 % 2) },
    };

    private static string OverPaths(string names) =>
        $"0 {SimulatedWorld.VolumeBytes / 512} multipath 0 0 1 1 round-robin 0 2 0 {names}";
}
