// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Daemon;
using Braid.Mapper;

namespace Braid.Tests.Simulation;

/// <summary>What a map holds can be seen, and let go; what only bounces is slowed down.</summary>
public sealed class HeldIoTests
{
    private const long Ms = 1_000_000;
    private const long Second = SimulatedWorld.Second;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Io_without_a_path_is_listed_and_fails_by_command(bool bioMode)
    {
        using SimulatedWorld world = Start(bioMode);
        foreach (SimulatedServer server in world.Servers) server.Kill();
        world.RunFor(10 * Ms);
        using var first = new MapIo(world, BlockOperation.Write, 8192, 1);
        world.RunFor(200 * Ms);
        using var second = new MapIo(world, BlockOperation.Read, 0, 0);
        world.RunFor(100 * Ms);
        HeldReport[] held = [.. Ask(world, "held").Held!.Single().Ios];
        held.Select(io => (io.Operation, io.OffsetBytes, io.LengthBytes, io.AgeMs, io.WaitsFor))
            .ShouldBe([("write", 8192, 4096, 300, "path"), ("read", 0, 4096, 100, "path")]);

        Ask(world, "fail_held", held[0].Id).Failed.ShouldBe(1);
        world.RunFor(Ms);
        first.Status.ShouldBe(BlockStatus.IoError);
        second.IsDone.ShouldBeFalse();
        Ask(world, "fail_held", "99.99").Error.ShouldBe("sim holds no I/O '99.99'");

        world.Servers[0].Start();
        world.RunUntil(() => second.IsDone);
        second.Status.ShouldBe(BlockStatus.Ok);
        Ask(world, "held").Held!.Single().Ios.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_write_that_waits_for_a_stale_one_says_so_and_goes_on_by_command(bool bioMode)
    {
        using SimulatedWorld world = Start(bioMode);
        world.Network.Link(world.Servers[0].Endpoint).IsHung = true;
        using var first = new MapIo(world, BlockOperation.Write, 0, 1);
        world.RunUntil(() => first.IsDone);
        using var second = new MapIo(world, BlockOperation.Write, 0, 2);
        world.RunFor(10 * Ms);
        HeldState state = Ask(world, "held").Held!.Single();
        state.Ios.Single().WaitsFor.ShouldBe("stale_write");
        state.Stale.ShouldBe([new StaleState(0, 4096)]);
        Ask(world, "release_stale").Error.ShouldBeNull();
        world.RunUntil(() => second.IsDone, within: 10 * Ms);
        Ask(world, "held").Held!.Single().Stale.ShouldBeEmpty();
    }

    [Fact]
    public void All_io_of_a_suspended_map_is_held()
    {
        using SimulatedWorld world = Start(bioMode: false);
        world.Stack.Map!.Suspend(noFlush: false, _ => { });
        world.RunFor(Ms);
        using var io = new MapIo(world, BlockOperation.Write, 0, 1);
        world.RunFor(Ms);
        world.Stack.Map.Held().Single().Reason.ShouldBe(HoldReason.Suspended);
        world.Stack.Map.FailHeld(_ => true).ShouldBe(1);
        world.Stack.Map.Resume(noFlush: true, _ => { });
        world.RunUntil(() => io.IsDone, within: Ms);
        io.Status.ShouldBe(BlockStatus.IoError);
    }

    /// <summary>
    /// Probes read, and do well; writes fail. Without hold-down each reinstated path would take a
    /// write and fail again, thousands of times a second.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Paths_that_are_green_to_the_checker_and_red_to_writes_do_not_bounce_io(int red)
    {
        using SimulatedWorld world = Start(bioMode: false);
        for (int i = 0; i < red; i++) world.Servers[i].FailsWrites = true;
        using var io = new MapIo(world, BlockOperation.Write, 0, 1);
        world.RunFor(120 * Second);
        io.IsDone.ShouldBe(red == 1);
        int writes = world.Servers.Sum(server => server.FailedWrites);
        writes.ShouldBeInRange(1, red * 30);
        foreach (SimulatedServer server in world.Servers) server.FailsWrites = false;
        world.RunUntil(() => io.IsDone, within: 11 * Second);
        io.Status.ShouldBe(BlockStatus.Ok);
        world.RunUntil(
            () => world.Stack.Paths.All.All(world.Stack.Paths.IsActive), within: 31 * Second);
    }

    /// <summary>
    /// Probes do well and writes hang: it is in flight at nearly each moment, and so it is listed,
    /// but ends only when it is back.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Io_that_goes_from_one_hanging_path_to_the_next_is_listed_and_fails_by_command(
        bool bioMode)
    {
        using SimulatedWorld world = Start(bioMode);
        using MapIo io = Bounce(world);
        HeldReport held = Ask(world, "held").Held!.Single().Ios.Single();
        (held.Operation, held.OffsetBytes, held.WaitsFor).ShouldBe(("write", 8192, "retries"));

        Ask(world, "fail_held", held.Id).Failed.ShouldBe(1);
        world.RunFor(10 * Ms);
        io.IsDone.ShouldBeFalse("it is at a path, which may do it yet");
        world.RunUntil(() => io.IsDone, within: Second);
        io.Status.ShouldBe(BlockStatus.IoError);
        world.RunFor(5 * Second);
        Hung(world).ShouldBe(2, "it was sent to each path once");
        Ask(world, "held").Held!.Single().Ios.ShouldBeEmpty();
        foreach (SimulatedServer server in world.Servers) server.DoHungWrites();
        world.StopAndCheckForLeaks();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_to_fail_and_is_done_by_its_path_after_all_ends_well(bool bioMode)
    {
        using SimulatedWorld world = Start(bioMode);
        using MapIo io = Bounce(world);
        Ask(world, "fail_held").Failed.ShouldBe(1);
        foreach (SimulatedServer server in world.Servers) server.DoHungWrites();
        world.RunUntil(() => io.IsDone, within: 10 * Ms);
        io.Status.ShouldBe(BlockStatus.Ok);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_to_fail_does_when_a_suspend_without_flush_would_keep_it(bool bioMode)
    {
        using SimulatedWorld world = Start(bioMode);
        using MapIo io = Bounce(world);
        Ask(world, "fail_held").Failed.ShouldBe(1);
        world.Stack.Map!.Suspend(noFlush: true, _ => { });
        world.RunUntil(() => io.IsDone, within: Second);
        io.Status.ShouldBe(BlockStatus.IoError);
    }

    /// <summary>It has timed out on one path, and is at the other for half its time.</summary>
    private static MapIo Bounce(SimulatedWorld world)
    {
        foreach (SimulatedServer server in world.Servers) server.HangWrites();
        var io = new MapIo(world, BlockOperation.Write, 8192, 1);
        world.RunFor(500 * Ms);
        Ask(world, "held").Held!.Single().Ios.ShouldBeEmpty("its first path may be slow");
        world.RunFor(Second);
        Hung(world).ShouldBe(2);
        return io;
    }

    private static int Hung(SimulatedWorld world) =>
        world.Servers.Sum(server => server.HungWrites);

    private static SimulatedWorld Start(bool bioMode)
    {
        var world = new SimulatedWorld(1, 2, options => options with
        {
            Selector = "round-robin 0",
            QueueIfNoPath = true,
            BioMode = bioMode,
        });
        world.Start();
        return world;
    }

    private static ControlReply Ask(SimulatedWorld world, string command, params string[] ids)
    {
        var asked = new Asked(new ControlRequest
        {
            Command = command,
            Name = "sim",
            Ids = ids.Length > 0 ? ids : null,
        });
        new ControlCommands(world.Stack).Execute(asked.Exchange);
        return asked.Reply.ShouldNotBeNull();
    }
}
