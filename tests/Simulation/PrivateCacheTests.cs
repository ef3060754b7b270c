// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Daemon;
using Braid.Io;
using Braid.Mapper;
using Braid.Multipath;

namespace Braid.Tests.Simulation;

/// <summary>
/// Servers with volatile caches of their own crash and come back: what was acknowledged is read,
/// and what was flushed is there when all of them have crashed.
/// </summary>
public sealed class PrivateCacheTests
{
    private const long Ms = 1_000_000;

    [Fact]
    public void Claimed_shared_a_flush_is_acknowledged_and_its_data_are_gone() =>
        FlushAndCrash(WriteCache.Shared).ShouldBe(0, "the flush went to the other server");

    [Fact]
    public void Private_a_flush_goes_to_every_server_that_was_written() =>
        FlushAndCrash(WriteCache.Private).ShouldBe(0xAA);

    [Fact]
    public void What_a_crashed_server_had_is_written_again_before_a_flush_ends()
    {
        var volume = new CachedVolume((int)SimulatedWorld.VolumeBytes);
        using SimulatedWorld world = Start(1, WriteCache.Private, volume, paths: 2);
        using var write = new MapIo(world, BlockOperation.Write, 0, 0xAA);
        world.RunUntil(() => write.IsDone);
        world.Servers[0].Kill();
        volume.Lost.ShouldBe(8, "the write went to the first server");
        using var flush = new MapIo(world, BlockOperation.Flush, 0, 0);
        world.RunUntil(() => flush.IsDone);
        flush.Status.ShouldBe(BlockStatus.Ok);
        volume.Crash(1);
        volume.Durable[0].ShouldBe((byte)0xAA);
    }

    [Fact]
    public void Claimed_shared_data_are_lost_under_load()
    {
        int lost = 0;
        for (ulong seed = 1; seed <= 5; seed++) lost += Run(seed, WriteCache.Shared).Lost;
        lost.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(51)]
    [InlineData(101)]
    [InlineData(151)]
    [InlineData(201)]
    public void Private_nothing_that_was_flushed_is_lost(int first)
    {
        for (int seed = first; seed < first + 50; seed++)
        {
            (int lost, IReadOnlyList<string> problems) = Run((ulong)seed, WriteCache.Private);
            problems.ShouldBeEmpty($"seed {seed}");
            lost.ShouldBe(0, $"seed {seed}");
        }
    }

    /// <summary>Crashes, hangs, failed paths, suspends and other tables in the middle.</summary>
    [Theory]
    [InlineData(1001)]
    [InlineData(1026)]
    [InlineData(1051)]
    [InlineData(1076)]
    public void Nor_through_hangs_suspends_and_swaps(int first)
    {
        for (int seed = first; seed < first + 25; seed++)
        {
            (int lost, IReadOnlyList<string> problems) =
                Run((ulong)seed, WriteCache.Private, Disturb);
            problems.ShouldBeEmpty($"seed {seed}");
            lost.ShouldBe(0, $"seed {seed}");
        }
    }

    private static int FlushAndCrash(WriteCache caches)
    {
        var volume = new CachedVolume((int)SimulatedWorld.VolumeBytes);
        using SimulatedWorld world = Start(1, caches, volume, paths: 2);
        using var write = new MapIo(world, BlockOperation.Write, 0, 0xAA);
        world.RunUntil(() => write.IsDone);
        using var flush = new MapIo(world, BlockOperation.Flush, 0, 0);
        world.RunUntil(() => flush.IsDone);
        flush.Status.ShouldBe(BlockStatus.Ok);
        world.Servers[0].Kill();
        return volume.Durable[0];
    }

    private static (int Lost, IReadOnlyList<string> Problems) Run(
        ulong seed, WriteCache caches, Action<SimulatedWorld>? disturb = null)
    {
        var volume = new CachedVolume((int)SimulatedWorld.VolumeBytes);
        int paths = 2 + (int)(seed % 3);
        using SimulatedWorld world = Start(seed, caches, volume, paths);
        foreach (SimulatedServer server in world.Servers)
        {
            SimulatedLink link = world.Network.Link(server.Endpoint);
            link.LatencyNs = Ms;
            link.JitterNs = 3 * Ms;
        }
        using var load = new CachedLoad(world.Loop, world.Stack.Map!, depth: 16);
        load.Start();
        for (int i = 0; i < 12; i++)
        {
            CrashOrStart(world);
            disturb?.Invoke(world);
        }
        foreach (SimulatedServer server in world.Servers)
        {
            world.Network.Unhang(server.Endpoint);
            if (!server.IsRunning) server.Start();
        }
        if (disturb is not null) Swap(world, world.Servers);
        load.Stop();
        world.RunUntil(() => load.Running == 0);
        load.Flushes.ShouldBeGreaterThan(0);
        world.StopAndCheckForLeaks();
        return (load.CountLost(volume.Durable), load.Problems);
    }

    private static void CrashOrStart(SimulatedWorld world)
    {
        world.RunFor((10 + world.Loop.Random.Next(150)) * Ms);
        int chosen = (int)world.Loop.Random.Next(world.Servers.Count);
        SimulatedServer server = world.Servers[chosen];
        if (server.IsRunning) server.Kill();
        else server.Start();
    }

    private static void Disturb(SimulatedWorld world)
    {
        MappedDevice map = world.Stack.Map!;
        int chosen = (int)world.Loop.Random.Next(world.Servers.Count);
        SimulatedServer server = world.Servers[chosen];
        switch (world.Loop.Random.Next(5))
        {
            case 0:
                world.Network.Link(server.Endpoint).IsHung = true;
                break;
            case 1:
                world.Network.Unhang(server.Endpoint);
                break;
            case 2 when !map.IsSuspended && !map.IsInTransition:
                foreach (MultipathTarget target in map.Table!.Entries.Select(e => e.Target))
                    target.FailPath(target.Groups[0].Paths[0]);
                break;
            case 3:
                map.Suspend(noFlush: true, _ => { });
                world.RunFor(world.Loop.Random.Next(50) * Ms);
                map.Resume(noFlush: true, _ => { });
                break;
            default:
                Swap(world, world.Servers.Where(other => other != server));
                break;
        }
    }

    /// <summary>Another table, with these paths.</summary>
    private static void Swap(SimulatedWorld world, IEnumerable<SimulatedServer> servers)
    {
        string[] names = [.. servers.Select(server => server.Name)];
        string paths = string.Join(' ', names);
        long sectors = SimulatedWorld.VolumeBytes / Table.SectorSize;
        MappedDevice map = world.Stack.Map!;
        world.Stack.Devices.Load(
            map.Name, $"0 {sectors} multipath 1 queue_if_no_path 0 1 1 round-robin 0 "
                + $"{names.Length} 0 {paths}");
        map.Resume(noFlush: true, _ => { });
    }

    private static SimulatedWorld Start(
        ulong seed, WriteCache caches, CachedVolume volume, int paths)
    {
        var world = new SimulatedWorld(seed, paths, options => options with
        {
            Selector = "round-robin 0",
            QueueIfNoPath = true,
            WriteCache = caches,
            // A bound that is passed in every second world.
            Queue = options.Queue with { KeptBytes = seed % 2 == 0 ? 96 << 10 : 64 << 20 },
        }, volume);
        world.Start();
        return world;
    }
}
