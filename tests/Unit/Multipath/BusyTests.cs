// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Multipath;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Multipath;

/// <summary>
/// Busy only if an I/O would be mapped now, and would then wait on the congested queues of the
/// paths: else the core would keep what has to be failed or queued.
/// </summary>
public sealed class BusyTests
{
    private const long Ms = Loops.Ms;

    private readonly Bench _bench = new();
    private readonly TestDevice _a;
    private readonly TestDevice _b;
    private readonly TestDevice _c;

    public BusyTests()
    {
        _a = _bench.Add("a");
        _b = _bench.Add("b");
        _c = _bench.Add("c");
    }

    private TestOwner Owner => _bench.Owner;

    [Fact]
    public void Would_be_mapped_and_would_wait_is_busy()
    {
        MappedDevice map = Used("0");
        _a.Busy = _b.Busy = true;
        map.Multipath().IsBusy.ShouldBeTrue();
        Bio bio = _bench.Write(map);
        _bench.Loop.RunFor(10 * Ms);
        Owner.HasEnded(bio).ShouldBeFalse();
        _b.Busy = false;
        _bench.Loop.RunFor(3 * Ms);
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
    }

    [Fact]
    public void Would_be_mapped_and_would_not_wait_is_not_busy()
    {
        MappedDevice map = Used("0");
        _a.Busy = true;
        map.Multipath().IsBusy.ShouldBeFalse();
    }

    [Fact]
    public void Has_to_be_failed_is_not_busy()
    {
        MappedDevice map = Used("0");
        _a.Busy = _b.Busy = _c.Busy = true;
        foreach (string name in (string[])["a", "b", "c"]) map.Message($"fail_path {name}");
        map.Multipath().IsBusy.ShouldBeFalse();
        Owner.StatusOf(_bench.Write(map)).ShouldBe(BlockStatus.IoError);
    }

    [Fact]
    public void Has_to_be_queued_is_not_busy()
    {
        MappedDevice map = Used("1 queue_if_no_path");
        _a.Busy = _b.Busy = _c.Busy = true;
        foreach (string name in (string[])["a", "b", "c"]) map.Message($"fail_path {name}");
        map.Multipath().IsBusy.ShouldBeFalse();
        _bench.Write(map);
        map.Queue!.Requeued.ShouldBe(1);
    }

    [Fact]
    public void A_group_without_a_working_path_is_not_busy_so_that_it_can_be_left()
    {
        MappedDevice map = Used("0");
        _a.Busy = _b.Busy = true;
        map.Message("fail_path a");
        map.Message("fail_path b");
        map.Multipath().IsBusy.ShouldBeFalse();
        Owner.StatusOf(_bench.Write(map)).ShouldBe(BlockStatus.Ok);
        _c.Sent.Count.ShouldBe(1);
    }

    [Fact]
    public void A_failed_path_that_is_not_congested_does_not_count()
    {
        MappedDevice map = Used("0");
        map.Message("fail_path a");
        _b.Busy = true;
        map.Multipath().IsBusy.ShouldBeTrue();
    }

    [Fact]
    public void The_group_that_a_switch_asked_for_is_looked_at_as_soon_as_no_path_is_current()
    {
        MappedDevice map = Used("0");
        _a.Busy = _b.Busy = true;
        map.Message("switch_group 2");
        map.Multipath().IsBusy.ShouldBeFalse();
        _c.Busy = true;
        map.Multipath().IsBusy.ShouldBeTrue();
    }

    [Fact]
    public void Before_the_first_I_O_the_initial_group_is_looked_at()
    {
        MappedDevice map = Fresh("0");
        map.Multipath().IsBusy.ShouldBeFalse();
        _a.Busy = _b.Busy = true;
        map.Multipath().IsBusy.ShouldBeTrue();
    }

    [Fact]
    public void Without_a_group_to_look_at_it_is_not_busy()
    {
        MappedDevice map = Used("0");
        _a.Busy = _b.Busy = _c.Busy = true;
        // Drops the current group and names no other.
        map.Message("enable_group 1");
        map.Multipath().IsBusy.ShouldBeFalse();
    }

    [Fact]
    public void While_it_is_busy_what_waits_merges()
    {
        MappedDevice map = Used("0");
        _a.Busy = _b.Busy = true;
        int before = _a.Sent.Count + _b.Sent.Count;
        for (int i = 0; i < 16; i++) _bench.Write(map, 65536 + (i * 4096));
        _a.Busy = _b.Busy = false;
        _bench.Loop.RunFor(3 * Ms);
        (_a.Sent.Count + _b.Sent.Count - before).ShouldBe(2);
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public void In_bio_mode_nothing_is_kept_back()
    {
        MappedDevice map = Fresh("2 queue_mode bio");
        _a.Busy = _b.Busy = true;
        Owner.StatusOf(_bench.Write(map)).ShouldBe(BlockStatus.Ok);
    }

    private MappedDevice Fresh(string features) => _bench.Map(
        $"0 2048 multipath {features} 0 2 1 round-robin 0 2 1 a 1 b 1 round-robin 0 1 1 c 1");

    private MappedDevice Used(string features)
    {
        MappedDevice map = Fresh(features);
        _bench.Write(map);
        map.Multipath().CurrentGroup!.Number.ShouldBe(1);
        return map;
    }
}
