// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Daemon;
using Braid.Io;
using Braid.Mapper;

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

    private static (int Lost, IReadOnlyList<string> Problems) Run(ulong seed, WriteCache caches)
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
        for (int i = 0; i < 12; i++) CrashOrStart(world);
        foreach (SimulatedServer server in world.Servers)
            if (!server.IsRunning) server.Start();
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
