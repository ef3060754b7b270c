// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Mapper;

/// <summary>Load, clear and resume: which table is live, and what becomes of the others.</summary>
public sealed class SwapTests
{
    private const string OverA = "0 2048 multipath 0 0 1 1 round-robin 0 1 1 a 1";
    private const string OverB = "0 2048 multipath 0 0 1 1 round-robin 0 1 1 b 1";
    private const string Bios = "0 2048 linear a 0";

    private readonly Bench _bench = new();
    private readonly TestDevice _a;
    private readonly TestDevice _b;

    public SwapTests()
    {
        _a = _bench.Add("a");
        _b = _bench.Add("b");
    }

    private TestOwner Owner => _bench.Owner;

    [Fact]
    public void A_loaded_table_is_live_from_the_resume_on()
    {
        MappedDevice map = _bench.Map(OverA);
        _bench.Load(map, OverB);
        map.InactiveTable!.Describe().ShouldBe(OverB + " ");
        _bench.Write(map);
        (_a.Sent.Count, _b.Sent.Count).ShouldBe((1, 0));
        map.Resume().ShouldBeDone();
        map.InactiveTable.ShouldBeNull();
        map.Table!.Describe().ShouldBe(OverB + " ");
        _bench.Write(map);
        (_a.Sent.Count, _b.Sent.Count).ShouldBe((1, 1));
    }

    [Fact]
    public void A_table_holds_its_devices_open_until_it_is_replaced_cleared_or_removed()
    {
        MappedDevice map = _bench.Map(OverA);
        (_a.OpenCount, _b.OpenCount).ShouldBe((1, 0));
        _bench.Load(map, OverB);
        (_a.OpenCount, _b.OpenCount).ShouldBe((1, 1));
        _bench.Load(map, "0 2048 multipath 0 0 1 1 round-robin 0 2 1 b 1 b 1");
        (_a.OpenCount, _b.OpenCount).ShouldBe((1, 1));
        map.Clear();
        (_a.OpenCount, _b.OpenCount).ShouldBe((1, 0));
        _bench.Load(map, OverB);
        map.Resume().ShouldBeDone();
        (_a.OpenCount, _b.OpenCount).ShouldBe((0, 1));
        _bench.Load(map, OverA);
        map.Remove();
        (_a.OpenCount, _b.OpenCount).ShouldBe((0, 0));
    }

    [Theory]
    [InlineData(OverA, Bios)]
    [InlineData(OverA, "0 2048 error\n2048 8 multipath 0 0 0 0")]
    [InlineData(OverA, "0 2048 multipath 2 queue_mode bio 0 1 1 round-robin 0 1 1 b 1")]
    [InlineData(OverA, "0 2048 zero")]
    [InlineData(Bios, OverB)]
    public void A_table_of_another_type_is_refused_and_lets_its_devices_go(
        string first, string second)
    {
        MappedDevice map = _bench.Map(first);
        Should.Throw<TableException>(() => _bench.Load(map, second));
        map.InactiveTable.ShouldBeNull();
        (_a.OpenCount, _b.OpenCount).ShouldBe((1, 0));
    }

    [Fact]
    public void A_refused_table_leaves_the_one_that_was_loaded_before()
    {
        MappedDevice map = _bench.Map(OverA);
        _bench.Load(map, OverB);
        Should.Throw<TableException>(() => _bench.Load(map, Bios));
        map.InactiveTable!.Describe().ShouldBe(OverB + " ");
    }

    [Fact]
    public void An_error_table_may_stand_in_for_a_request_based_one()
    {
        MappedDevice map = _bench.Map(OverA);
        _bench.Swap(map, "0 2048 error");
        Owner.StatusOf(_bench.Write(map)).ShouldBe(BlockStatus.IoError);
        _bench.Swap(map, OverB);
        Owner.StatusOf(_bench.Write(map)).ShouldBe(BlockStatus.Ok);
        _b.Sent.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_swap_waits_for_what_is_in_flight_and_sends_what_comes_to_the_new_table(
        bool noFlush)
    {
        _a.DelayNs = null;
        MappedDevice map = _bench.Map(OverA);
        Bio first = _bench.Write(map);
        _bench.Load(map, OverB);
        Transition swap = map.Resume(noFlush);
        Bio second = _bench.Write(map, 65536);
        swap.IsDone.ShouldBeFalse();
        map.Table!.Describe().ShouldBe(OverA + " ");
        _a.CompleteFirst();
        _bench.Loop.Settle();
        swap.ShouldBeDone();
        Owner.StatusOf(first).ShouldBe(BlockStatus.Ok);
        Owner.StatusOf(second).ShouldBe(BlockStatus.Ok);
        (_a.Sent.Count, _b.Sent.Count).ShouldBe((1, 1));
        map.IsSuspended.ShouldBeFalse();
    }

    [Theory]
    [InlineData(OverA, OverB)]
    [InlineData("0 2048 multipath 2 queue_mode bio 0 1 1 round-robin 0 1 1 a 1",
        "0 2048 multipath 2 queue_mode bio 0 1 1 round-robin 0 1 1 b 1")]
    public void Without_flush_what_fails_meanwhile_is_done_by_the_new_table(
        string before, string after)
    {
        _a.DelayNs = null;
        MappedDevice map = _bench.Map(before);
        for (int i = 0; i < 3; i++) _bench.Write(map, i * 65536);
        _bench.Load(map, after);
        Transition swap = map.Resume(noFlush: true);
        _a.CompleteAll(BlockStatus.Transport);
        _bench.Loop.Settle();
        swap.ShouldBeDone();
        Owner.ShouldAllHaveEnded();
        _b.Ranges.Select(range => range.Offset).Order().ShouldBe([0, 65536, 131072]);
        map.InFlight.ShouldBe(0);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("2 queue_mode bio")]
    [InlineData("1 queue_if_no_path")]
    [InlineData("3 queue_mode bio queue_if_no_path")]
    public void With_flush_what_fails_meanwhile_fails(string features)
    {
        _a.DelayNs = null;
        string groups = "0 1 1 round-robin 0 1 1";
        MappedDevice map = _bench.Map($"0 2048 multipath {features} {groups} a 1");
        Bio bio = _bench.Write(map);
        _bench.Load(map, $"0 2048 multipath {features} {groups} b 1");
        Transition swap = map.Resume();
        _a.CompleteFirst(BlockStatus.IoError);
        _bench.Loop.Settle();
        swap.ShouldBeDone();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.IoError);
        _b.Sent.ShouldBeEmpty();
    }

    [Fact]
    public void A_table_that_is_loaded_while_a_resume_waits_is_for_the_next_one()
    {
        _a.DelayNs = null;
        MappedDevice map = _bench.Map(OverA);
        _bench.Write(map);
        _bench.Load(map, OverB);
        Transition swap = map.Resume();
        map.InactiveTable.ShouldBeNull();
        _bench.Load(map, "0 1024 multipath 0 0 1 1 round-robin 0 1 1 a 1");
        map.Clear();
        _bench.Load(map, "0 512 multipath 0 0 1 1 round-robin 0 1 1 a 1");
        _a.CompleteFirst();
        _bench.Loop.Settle();
        swap.ShouldBeDone();
        map.Table!.Describe().ShouldBe(OverB + " ");
        map.Resume().ShouldBeDone();
        map.SizeBytes.ShouldBe(512 * 512);
    }

    [Fact]
    public void A_swap_that_cannot_be_leaves_the_device_suspended_on_its_old_table()
    {
        MappedDevice map = _bench.Map(OverA);
        map.Suspend(noFlush: true).ShouldBeDone();
        Bio bio = _bench.Write(map, 4096);
        // A table that is too long for its path is found out when it is to become live.
        _bench.Load(map, "0 65536 multipath 0 0 1 1 round-robin 0 1 1 b 1");
        Transition swap = map.Resume();
        swap.IsDone.ShouldBeTrue();
        swap.Problem.ShouldBe("b is too small for target: start=0, len=65536, dev_size=32768");
        (map.IsSuspended, map.InactiveTable).ShouldBe((true, null));
        (_a.OpenCount, _b.OpenCount).ShouldBe((1, 0));
        Owner.HasEnded(bio).ShouldBeFalse();
        map.Resume().ShouldBeDone();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        _a.Sent.Count.ShouldBe(1);
    }

    [Fact]
    public void After_a_swap_that_could_not_be_the_next_one_works()
    {
        MappedDevice map = _bench.Map(OverA);
        _bench.Load(map, "0 65536 multipath 0 0 1 1 round-robin 0 1 1 b 1");
        Transition failed = map.Resume();
        Bio bio = _bench.Write(map);
        failed.Problem.ShouldNotBeNull();
        _bench.Load(map, OverB);
        map.Resume().ShouldBeDone();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        _b.Sent.Count.ShouldBe(1);
    }

    [Fact]
    public void Events_go_on_over_a_swap_and_a_swap_is_none()
    {
        MappedDevice map = _bench.Map("0 2048 multipath 0 0 1 1 round-robin 0 2 1 a 1 b 1");
        map.Message("fail_path a");
        _bench.Swap(map, OverA);
        map.EventNumber.ShouldBe(1u);
        map.Message("fail_path a");
        map.EventNumber.ShouldBe(2u);
    }

    [Fact]
    public void A_device_without_a_table_fails_I_O_and_takes_no_messages()
    {
        var map = new MappedDevice(_bench.Loop, "empty", new QueueOptions(), _bench);
        Owner.StatusOf(map.Give(Owner.Write(0, 4096))).ShouldBe(BlockStatus.IoError);
        Owner.StatusOf(map.Give(Owner.Flush())).ShouldBe(BlockStatus.IoError);
        Should.Throw<MessageException>(() => map.Message("fail_path a"));
        map.Suspend().ShouldBeDone();
        map.Resume().ShouldBeDone();
        _bench.Load(map, OverA);
        _bench.Load(map, OverB);
        map.Resume().ShouldBeDone();
        Owner.StatusOf(_bench.Write(map)).ShouldBe(BlockStatus.Ok);
        (_a.Sent.Count, _b.Sent.Count).ShouldBe((0, 1));
    }
}
