// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Daemon;
using Braid.Mapper;
using Braid.Multipath;

namespace Braid.Tests.Simulation;

/// <summary>
/// A server hangs with a write of one loop in its hands; another loop writes the same bytes, and
/// then the server goes on: its old bytes must not win.
/// </summary>
public sealed class ChannelShieldTests
{
    private const long Ms = ChannelHouse.Ms;
    private const long Second = ChannelHouse.Second;
    private const int Old = 0xAA;
    private const int New = 0xBB;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Of_a_loop_that_is_not_told_the_old_bytes_win(bool bioMode)
    {
        using ChannelHouse house = Start(bioMode);
        for (int loop = 0; loop < 2; loop++) house.Map(loop).Shield!.Peers = null;
        using MapIo first = HungWrite(house);
        using var second = new MapIo(house.Map(1), BlockOperation.Write, 0, New);
        house.RunUntil(() => second.IsDone, within: 100 * Ms);
        house.Unhang(0);
        house.RunFor(Second);
        house.Stored(0).ShouldBe(Old);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_write_waits_for_a_stale_one_of_another_loop(bool bioMode)
    {
        using ChannelHouse house = Start(bioMode);
        using MapIo first = HungWrite(house);
        using var second = new MapIo(house.Map(1), BlockOperation.Write, 0, New);
        using var beside = new MapIo(house.Map(1), BlockOperation.Write, 64 << 10, New);
        house.RunFor(300 * Ms);
        (second.IsDone, beside.IsDone).ShouldBe((false, true));
        house.Unhang(0);
        house.RunUntil(() => second.IsDone, within: 10 * Ms);
        second.Status.ShouldBe(BlockStatus.Ok);
        house.RunFor(Second);
        house.Stored(0).ShouldBe(New);
        house.Map(1).Shield!.IsUp.ShouldBeFalse();
    }

    [Fact]
    public void It_waits_no_longer_than_the_quiesce_time()
    {
        using ChannelHouse house = Start(bioMode: false);
        using MapIo first = HungWrite(house);
        long givenUp = house.Loop.NowNs;
        using var second = new MapIo(house.Map(1), BlockOperation.Write, 0, New);
        house.RunUntil(() => second.IsDone);
        (house.Loop.NowNs - givenUp).ShouldBeInRange(990 * Ms, 1010 * Ms);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_retry_is_not_sent_before_the_other_loops_know(bool bioMode)
    {
        using ChannelHouse house = Start(bioMode);
        house.Hang(0);
        using var first = new MapIo(house.Map(0), BlockOperation.Write, 0, Old);
        house.RunFor(900 * Ms);
        house.Links.Hold();
        house.RunFor(800 * Ms);
        (first.IsDone, house.Stored(0)).ShouldBe((false, 0));
        house.Links.Release();
        house.RunUntil(() => first.IsDone, within: 10 * Ms);
        (first.Status, house.Stored(0)).ShouldBe((BlockStatus.Ok, Old));
    }

    /// <summary>Who is told that it has failed may write again, on any loop.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_write_does_not_fail_before_the_other_loops_know(bool bioMode)
    {
        using ChannelHouse house = Start(bioMode, paths: 1, queues: false);
        house.Hang(0);
        using var first = new MapIo(house.Map(0), BlockOperation.Write, 0, Old);
        house.RunFor(900 * Ms);
        house.Links.Hold();
        house.RunFor(800 * Ms);
        first.IsDone.ShouldBeFalse();
        house.Links.Release();
        house.RunUntil(() => first.IsDone, within: 10 * Ms);
        first.Status.ShouldBe(BlockStatus.IoError);
        house.Map(1).Shield!.IsUp.ShouldBeTrue();
    }

    /// <summary>Nor one that somebody gives up by its id.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_held_write_that_is_to_fail_waits_for_that_too(bool bioMode)
    {
        using ChannelHouse house = Start(bioMode);
        house.Hang(0);
        using var first = new MapIo(house.Map(0), BlockOperation.Write, 0, Old);
        house.RunFor(900 * Ms);
        house.Links.Hold();
        house.RunFor(800 * Ms);
        house.Map(0).FailHeld(_ => true).ShouldBe(1);
        house.RunFor(Ms);
        first.IsDone.ShouldBeFalse();
        house.Links.Release();
        house.RunUntil(() => first.IsDone, within: 10 * Ms);
        first.Status.ShouldBe(BlockStatus.IoError);
    }

    /// <summary>
    /// Both in flight, on two loops, when the older is given up: its retry goes last, since its
    /// copy may, too.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_retry_lets_what_another_loop_has_sent_land_first(bool bioMode)
    {
        using ChannelHouse house = Start(bioMode, paths: 3);
        MultipathTarget other = SimWorld.TargetOf(house.Map(1))!;
        house.Channels.Stacks[1].Paths.DoAlike(() => other.FailPath(other.Groups[0].Paths[0]));
        house.Hang(0);
        using var first = new MapIo(house.Map(0), BlockOperation.Write, 0, Old);
        house.RunFor(900 * Ms);
        house.Network.Link(house.Servers[1].Endpoint).LatencyNs = 200 * Ms;
        using var second = new MapIo(house.Map(1), BlockOperation.Write, 0, New);
        house.RunFor(120 * Ms);
        (first.IsDone, second.IsDone).ShouldBe((false, false));
        house.RunUntil(() => first.IsDone && second.IsDone);
        int settled = house.Stored(0);
        house.Unhang(0);
        house.RunFor(5 * Second);
        (settled, house.Stored(0)).ShouldBe((Old, Old));
    }

    [Fact]
    public void An_operators_word_is_taken_on_all_loops()
    {
        using ChannelHouse house = Start(bioMode: false, guard: StaleWriteGuard.Proof);
        using MapIo first = HungWrite(house);
        using var second = new MapIo(house.Map(1), BlockOperation.Write, 0, New);
        house.RunFor(100 * Second);
        second.IsDone.ShouldBeFalse();
        house.Do(new ControlRequest { Command = "release_stale", Name = "mp" });
        house.RunUntil(() => second.IsDone, within: 10 * Ms);
        (house.Map(0).Shield!.IsUp, house.Map(1).Shield!.IsUp).ShouldBe((false, false));
    }

    /// <summary>The others hear of it after the operator has given his word to them.</summary>
    [Fact]
    public void An_operators_word_holds_for_what_is_still_on_its_way_to_other_loops()
    {
        using ChannelHouse house = Start(bioMode: false, guard: StaleWriteGuard.Proof);
        house.Hang(0);
        using var first = new MapIo(house.Map(0), BlockOperation.Write, 0, Old);
        house.RunFor(900 * Ms);
        house.Links.Hold();
        house.RunFor(800 * Ms);
        house.Map(1).Shield!.Lower();
        house.Map(0).Shield!.Lower();
        house.RunUntil(() => first.IsDone, within: 10 * Ms);
        house.Links.Release();
        house.RunFor(10 * Ms);
        house.Map(1).Shield!.IsUp.ShouldBeFalse();
    }

    private static ChannelHouse Start(
        bool bioMode, int paths = 2, bool queues = true,
        StaleWriteGuard guard = StaleWriteGuard.Time) =>
        new(loops: 2, paths, options => options with
        {
            BioMode = bioMode,
            QueueIfNoPath = queues,
            Nbd = options.Nbd with { StaleWrites = guard },
        });

    /// <summary>A write that the first path hangs with, and that another has done.</summary>
    private static MapIo HungWrite(ChannelHouse house)
    {
        house.Hang(0);
        MapIo io = new(house.Map(0), BlockOperation.Write, 0, Old);
        house.RunUntil(() => io.IsDone);
        house.IsActive(0, 0).ShouldBeFalse("the write went by the other path");
        return io;
    }
}
