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
            world.Loop, world.Client, depth: 1 + (int)(seed % 24), writeOnce: false);
        load.Start(8000);
        while (!load.IsIdle)
        {
            world.RunFor(1 + world.Loop.Random.Next(40 * Ms));
            Disturb(world);
        }
        HealAll(world);
        world.RunUntil(() => world.Stack.Paths.All.All(world.Stack.Paths.IsActive));
        load.StartVerify();
        world.RunUntil(() => load.IsIdle);
        load.Errors.ShouldBeEmpty();
        world.StopAndCheckForLeaks();
    }

    [Fact]
    public void A_loop_that_stood_still_longer_than_the_io_timeout_fails_no_path()
    {
        using var world = new SimulatedWorld(1, 2, options => options);
        world.Start();
        using var load = new VerifiedLoad(world.Loop, world.Client, depth: 16, writeOnce: false);
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
        using var load = new VerifiedLoad(world.Loop, world.Client, 8, writeOnce: false);
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

    private static void Disturb(SimulatedWorld world)
    {
        LoopRandom random = world.Loop.Random;
        SimulatedServer server = world.Servers[(int)random.Next(world.Servers.Count)];
        switch (random.Next(6))
        {
            case 0 when server.IsRunning:
                server.Kill();
                break;
            case 1 when server.IsRunning:
                world.Network.Reset(server.Endpoint);
                break;
            case 2:
                world.Network.Link(server.Endpoint).IsHung = true;
                break;
            default:
                Heal(world, server);
                break;
        }
    }

    private static void HealAll(SimulatedWorld world)
    {
        foreach (SimulatedServer server in world.Servers) Heal(world, server);
    }

    private static void Heal(SimulatedWorld world, SimulatedServer server)
    {
        if (world.Network.Link(server.Endpoint).IsHung) world.Network.Unhang(server.Endpoint);
        if (!server.IsRunning) server.Start();
    }
}
