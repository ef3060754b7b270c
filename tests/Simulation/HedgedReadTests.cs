// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Daemon;
using Braid.Mapper;

namespace Braid.Tests.Simulation;

/// <summary>Reads that are sent on a second path when the first is slow, on whole maps.</summary>
public sealed class HedgedReadTests
{
    private const long Us = 1000;
    private const long Ms = 1_000_000;

    public static TheoryData<ulong> Seeds =>
        [.. Enumerable.Range(1, 20).Select(seed => (ulong)seed)];

    /// <summary>
    /// A path stands still for 40 ms, ten times in five seconds.
    /// </summary>
    [Fact]
    public void The_tail_of_a_path_that_stands_still_at_times_is_not_the_clients()
    {
        ReadTimes without = ReadWithPauses(null);
        ReadTimes with = ReadWithPauses(new HedgeOptions { Percentile = 99, SharePercent = 5 });
        without.LongestNs.ShouldBeGreaterThan(39 * Ms);
        without.HighNs.ShouldBeGreaterThan(10 * Ms);
        with.HighNs.ShouldBeLessThan(Ms);
        with.LongestNs.ShouldBeLessThan(Ms);
        with.Won.ShouldBeGreaterThan(40);
        ((double)with.Hedges / with.Reads).ShouldBeLessThan(0.05);
    }

    /// <summary>
    /// The memory of each I/O is used again at once, for a write with other bytes as often as not:
    /// a late answer that still went there would be written, or read.
    /// </summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Hedged_reads_return_what_was_written_whatever_becomes_of_the_paths(ulong seed)
    {
        using var world = new SimulatedWorld(seed, 2 + (int)(seed % 3), options => options with
        {
            QueueIfNoPath = true,
            Selector = seed % 2 == 0 ? "round-robin 0" : "service-time 0",
            Hedging = new HedgeOptions { Percentile = 50, SharePercent = 100 },
        });
        foreach (SimulatedServer server in world.Servers)
        {
            world.Network.Link(server.Endpoint).TearsAtBytes = seed % 3 == 0 ? 700 : 0;
            world.Network.Link(server.Endpoint).LatencyNs = 100 * Us;
        }
        world.Start();
        MappedDevice map = world.Stack.Map!;
        using var load = new VerifiedLoad(world.Loop, map, depth: 1 + (int)(seed % 24));
        load.Start(12_000);
        while (!load.IsIdle)
        {
            Slow(world);
            world.RunFor(1 + world.Loop.Random.Next(20 * Ms));
            world.Disturb(hangs: true);
            if (world.Loop.Random.Chance(100)) Suspend(world, map);
        }
        world.HealAll();
        world.RunUntil(() => world.Stack.Paths.All.All(world.Stack.Paths.IsActive));
        load.StartVerify();
        world.RunUntil(() => load.IsIdle);
        load.Errors.ShouldBeEmpty();
        map.Hedges!.Sent.ShouldBeGreaterThan(0);
        world.StopAndCheckForLeaks();
        map.Hedges.Late.ShouldBe(0);
    }

    private static void Slow(SimulatedWorld world)
    {
        SimulatedServer server = world.Servers[(int)world.Loop.Random.Next(world.Servers.Count)];
        world.Network.Link(server.Endpoint).LatencyNs = 50 * Us + world.Loop.Random.Next(2 * Ms);
    }

    private static void Suspend(SimulatedWorld world, MappedDevice map)
    {
        bool isDone = false;
        map.Suspend(noFlush: true, _ => isDone = true);
        world.RunUntil(() => isDone);
        map.Resume(noFlush: true, _ => { });
    }

    private static ReadTimes ReadWithPauses(HedgeOptions? hedging)
    {
        using var world = new SimulatedWorld(1, 2, options => options with
        {
            Selector = "queue-length 0",
            Hedging = hedging,
        });
        foreach (SimulatedServer server in world.Servers)
            world.Network.Link(server.Endpoint).LatencyNs = 100 * Us;
        world.Start();
        using var load = new ReadLoad(world.Loop, world.Stack.Map!, depth: 8);
        for (int i = 0; i < 10; i++)
        {
            world.RunFor(460 * Ms);
            world.Network.Link(world.Servers[0].Endpoint).IsHung = true;
            world.RunFor(40 * Ms);
            world.HealAll();
        }
        load.Stop();
        world.RunUntil(() => load.InFlight == 0);
        return new ReadTimes(
            load.TookNs.Count, load.Percentile(99.99), load.TookNs.Max(),
            world.Stack.Map!.Hedges?.Sent ?? 0, world.Stack.Map.Hedges?.Won ?? 0);
    }

    /// <summary>What a load has seen.</summary>
    /// <param name="Reads">How many.</param>
    /// <param name="HighNs">What one in ten thousand exceeded.</param>
    /// <param name="LongestNs">The longest of all.</param>
    /// <param name="Hedges">Reads sent twice.</param>
    /// <param name="Won">Of these, answered by the second path.</param>
    private sealed record ReadTimes(
        long Reads, long HighNs, long LongestNs, long Hedges, long Won);
}
