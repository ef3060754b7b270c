// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Daemon;
using Braid.Io;
using Braid.Transports.Nbd;

namespace Braid.Tests.Simulation;

/// <summary>
/// A server hangs with a write in its hands, the write is done by another path, the block is
/// written again, and then the server goes on: its old bytes must not win.
/// </summary>
public sealed class StaleWriteTests
{
    private const long Ms = 1_000_000;
    private const long Second = SimulatedWorld.Second;
    private const int Old = 0xAA;
    private const int New = 0xBB;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Without_the_guard_the_old_bytes_win(bool bioMode)
    {
        using SimulatedWorld world = Start(bioMode, StaleWriteGuard.Off);
        using var first = HungWrite(world);
        using var second = new MapIo(world, BlockOperation.Write, 0, New);
        world.RunUntil(() => second.IsDone);
        Unhang(world);
        world.RunFor(Second);
        Stored(world, 0).ShouldBe(Old);
    }

    [Theory]
    [InlineData(false, StaleWriteGuard.Time)]
    [InlineData(false, StaleWriteGuard.Proof)]
    [InlineData(true, StaleWriteGuard.Time)]
    [InlineData(true, StaleWriteGuard.Proof)]
    public void A_later_write_waits_until_the_server_has_answered(bool bioMode, StaleWriteGuard how)
    {
        using SimulatedWorld world = Start(bioMode, how);
        using var first = HungWrite(world);
        using var second = new MapIo(world, BlockOperation.Write, 0, New);
        world.RunFor(300 * Ms);
        second.IsDone.ShouldBeFalse();
        Unhang(world);
        world.RunUntil(() => second.IsDone, within: 10 * Ms);
        second.Status.ShouldBe(BlockStatus.Ok);
        world.RunFor(Second);
        Stored(world, 0).ShouldBe(New);
        world.Stack.Map!.Shield!.IsUp.ShouldBeFalse();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_later_write_waits_no_longer_than_the_quiesce_time(bool bioMode)
    {
        using SimulatedWorld world = Start(bioMode, StaleWriteGuard.Time);
        using var first = HungWrite(world);
        long givenUp = world.Loop.NowNs;
        using var second = new MapIo(world, BlockOperation.Write, 0, New);
        world.RunUntil(() => second.IsDone);
        (world.Loop.NowNs - givenUp).ShouldBeInRange(990 * Ms, 1010 * Ms);
    }

    [Fact]
    public void With_proof_as_the_rule_no_time_is_enough_but_an_operators_word_is()
    {
        using SimulatedWorld world = Start(false, StaleWriteGuard.Proof);
        using var first = HungWrite(world);
        using var second = new MapIo(world, BlockOperation.Write, 0, New);
        world.RunFor(100 * Second);
        second.IsDone.ShouldBeFalse();
        world.Stack.Map!.Shield!.Lower();
        world.RunUntil(() => second.IsDone, within: 10 * Ms);
    }

    [Theory]
    [InlineData(BlockOperation.Write)]
    [InlineData(BlockOperation.Discard)]
    [InlineData(BlockOperation.WriteZeroes)]
    public void Only_what_changes_the_same_bytes_waits(BlockOperation operation)
    {
        using SimulatedWorld world = Start(false, StaleWriteGuard.Time);
        using var first = HungWrite(world);
        using var overlaps = new MapIo(world, operation, 0, New);
        using var beside = new MapIo(world, operation, 64 << 10, New);
        using var read = new MapIo(world, BlockOperation.Read, 0, 0);
        world.RunFor(100 * Ms);
        overlaps.IsDone.ShouldBeFalse();
        beside.IsDone.ShouldBeTrue();
        read.IsDone.ShouldBeTrue();
        read.First.ShouldBe(Old);
    }

    /// <summary>
    /// Both in flight when the older is given up: its retry goes last, since its copy may, too.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_retry_lets_what_was_sent_meanwhile_land_first(bool bioMode)
    {
        using SimulatedWorld world = Start(bioMode, StaleWriteGuard.Time, paths: 3);
        SimulatedLink slow = world.Network.Link(world.Servers[1].Endpoint);
        world.Network.Link(world.Servers[0].Endpoint).IsHung = true;
        using var first = new MapIo(world, BlockOperation.Write, 0, Old);
        world.RunFor(900 * Ms);
        slow.LatencyNs = 200 * Ms;
        using var second = new MapIo(world, BlockOperation.Write, 0, New);
        world.RunUntil(() => first.IsDone && second.IsDone);
        int settled = Stored(world, 0);
        Unhang(world);
        world.RunFor(5 * Second);
        Stored(world, 0).ShouldBe(settled);
    }

    [Fact]
    public void A_server_that_died_is_waited_for_too()
    {
        using SimulatedWorld world = Start(false, StaleWriteGuard.Time);
        world.Network.Link(world.Servers[0].Endpoint).LatencyNs = 500 * Ms;
        using var first = new MapIo(world, BlockOperation.Write, 0, Old);
        world.RunFor(400 * Ms);
        world.Servers[0].Kill();
        world.RunUntil(() => first.IsDone);
        using var second = new MapIo(world, BlockOperation.Write, 0, New);
        world.RunFor(500 * Ms);
        second.IsDone.ShouldBeFalse();
        world.RunUntil(() => second.IsDone, within: Second);
    }

    private static SimulatedWorld Start(bool bioMode, StaleWriteGuard guard, int paths = 2)
    {
        var world = new SimulatedWorld(1, paths, options => options with
        {
            Selector = "round-robin 0",
            BioMode = bioMode,
            QueueIfNoPath = true,
            Nbd = options.Nbd with { StaleWrites = guard },
        });
        world.Start();
        return world;
    }

    /// <summary>A write that the first path hangs with, and that another has done.</summary>
    private static MapIo HungWrite(SimulatedWorld world)
    {
        world.Network.Link(world.Servers[0].Endpoint).IsHung = true;
        MapIo io = new(world, BlockOperation.Write, 0, Old);
        world.RunUntil(() => io.IsDone);
        PathDevice path = world.Stack.Paths.All[0];
        world.Stack.Paths.IsActive(path).ShouldBeFalse("the write went by the other path");
        return io;
    }

    private static void Unhang(SimulatedWorld world) =>
        world.Network.Unhang(world.Servers[0].Endpoint);

    private static unsafe int Stored(SimulatedWorld world, long offset) =>
        *world.Store.At(offset);
}
