// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Multipath;

/// <summary>
/// The point of request mode: I/O is merged before a path is chosen. Numbers are the kernel's, from
/// the scenarios 25, 28 and 38.
/// </summary>
public sealed class MergeTests
{
    private const int Kib = 1024;

    private readonly Bench _bench = new();
    private readonly TestDevice _a;
    private readonly TestDevice _b;

    public MergeTests()
    {
        var limits = new QueueLimits { MaxBytes = 512 * Kib };
        _a = _bench.Add("a", limits: limits);
        _b = _bench.Add("b", limits: limits);
    }

    private TestOwner Owner => _bench.Owner;

    [Theory]
    [InlineData(16, 1, 0)]
    [InlineData(64, 1, 0)]
    [InlineData(256, 1, 1)]
    public void A_plugged_stream_in_request_mode(int writes, int onA, int onB)
    {
        MappedDevice map = Map("2 queue_mode mq", SchedulerKind.Deadline);
        Plugged(map, writes);
        (_a.Sent.Count, _b.Sent.Count).ShouldBe((onA, onB));
        map.Statistics.Writes.ShouldBe(onA + onB);
        map.Statistics.WriteMerges.ShouldBe(writes - onA - onB);
        _a.Statistics.WriteMerges.ShouldBe(0);
        (_a.Statistics.WriteBytes + _b.Statistics.WriteBytes).ShouldBe(writes * 4 * Kib);
        Owner.ShouldAllHaveEnded();
    }

    [Theory]
    [InlineData(16)]
    [InlineData(256)]
    public void A_plugged_stream_in_bio_mode(int writes)
    {
        MappedDevice map = Map("2 queue_mode bio", SchedulerKind.None);
        Plugged(map, writes);
        (_a.Sent.Count, _b.Sent.Count).ShouldBe((writes / 2, writes / 2));
        (_a.Statistics.WriteMerges + _b.Statistics.WriteMerges).ShouldBe(0);
    }

    [Theory]
    [InlineData(SchedulerKind.None)]
    [InlineData(SchedulerKind.Deadline)]
    public void Without_a_plug_nothing_merges_while_the_paths_are_free(SchedulerKind scheduler)
    {
        MappedDevice map = Map("0", scheduler);
        for (int i = 0; i < 32; i++) _bench.Write(map, i * 4096);
        (_a.Sent.Count, _b.Sent.Count).ShouldBe((16, 16));
        map.Statistics.WriteMerges.ShouldBe(0);
    }

    [Fact]
    public void A_hundred_8_KiB_writes_are_512_KiB_and_the_rest()
    {
        MappedDevice map = _bench.Map("0 32768 multipath 0 0 1 1 service-time 0 2 2 a 1 1 b 1 1");
        for (int i = 0; i < 100; i++) map.Give(Owner.Write(i * 8 * Kib, 8 * Kib));
        _bench.Loop.Settle();
        _a.Ranges.Concat(_b.Ranges).Select(range => range.Length / 512).Order()
            .ShouldBe([576, 1024]);
        map.Statistics.WriteMerges.ShouldBe(98);
    }

    [Fact]
    public void An_I_O_larger_than_a_request_is_cut_before_the_path_is_chosen()
    {
        var limits = new QueueLimits { MaxBytes = 127 * Kib };
        TestDevice a = _bench.Add("a", limits: limits);
        TestDevice b = _bench.Add("b", limits: limits);
        MappedDevice map = Map("0", SchedulerKind.Deadline);
        for (int i = 0; i < 20; i++)
        {
            map.Give(Owner.Read(i * 128 * Kib, 128 * Kib));
            _bench.Loop.Settle();
        }
        (a.Sent.Count, b.Sent.Count).ShouldBe((20, 20));
        a.Ranges.ShouldAllBe(range => range.Length == 127 * Kib);
    }

    [Fact]
    public void A_deep_queue_with_the_merge_cap_keeps_both_paths_at_work()
    {
        var options = new QueueOptions { CapMerges = true, Scheduler = SchedulerKind.Deadline };
        MappedDevice map = _bench.Map(
            "0 32768 multipath 0 0 1 1 service-time 0 2 2 a 1 1 b 1 1", options);
        Plugged(map, 64);
        _a.Sent.Count.ShouldBeGreaterThan(0);
        _b.Sent.Count.ShouldBeGreaterThan(0);
    }

    private MappedDevice Map(string features, SchedulerKind scheduler) => _bench.Map(
        $"0 32768 multipath {features} 0 1 1 round-robin 0 2 1 a 1 b 1",
        new QueueOptions { Scheduler = scheduler, Depth = 256 });

    private void Plugged(MappedDevice map, int writes)
    {
        for (int i = 0; i < writes; i++) map.Give(Owner.Write(i * 4 * Kib, 4 * Kib));
        _bench.Loop.Settle();
    }
}
