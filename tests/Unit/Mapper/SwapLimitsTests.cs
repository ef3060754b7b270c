// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Multipath;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Mapper;

/// <summary>
/// A table whose devices can do less than those before, under I/O that waits: each path gets what
/// it can do and nothing else, and what cannot be done any more fails by itself, not the paths.
/// </summary>
public sealed class SwapLimitsTests
{
    private const int Kib = 1024;
    private const int Block = 4 * Kib;

    private readonly Bench _bench = new();

    /// <summary>What all paths lead to, in a test that looks at the data.</summary>
    private byte[]? _store;

    private TestOwner Owner => _bench.Owner;

    public static TheoryData<SchedulerKind> Schedulers =>
        [SchedulerKind.None, SchedulerKind.Deadline];

    [Theory]
    [MemberData(nameof(Schedulers))]
    public void A_request_that_was_merged_before_is_no_longer_than_the_new_paths_take(
        SchedulerKind scheduler)
    {
        MappedDevice map = Suspended(new QueueLimits { MaxBytes = 512 * Kib }, scheduler);
        for (int i = 0; i < 128; i++) _bench.Write(map, i * Block, Block);
        TestDevice b = Resume(map, new QueueLimits { MaxBytes = 128 * Kib });
        b.Ranges.ShouldBe(Pieces(512 * Kib, 128 * Kib));
        ShouldBeDone(map);
    }

    [Fact]
    public void A_bio_that_is_longer_than_the_new_paths_take_is_cut()
    {
        MappedDevice map = Suspended(new QueueLimits { MaxBytes = 512 * Kib });
        Bio bio = _bench.Write(map, 0, 512 * Kib);
        TestDevice b = Resume(map, new QueueLimits { MaxBytes = 100 * Kib });
        b.Ranges.ShouldBe(Pieces(512 * Kib, 100 * Kib));
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        ShouldBeDone(map);
    }

    [Fact]
    public void A_part_of_a_bio_that_was_cut_before_is_cut_again()
    {
        MappedDevice map = Suspended(new QueueLimits { MaxBytes = 128 * Kib });
        Bio bio = _bench.Write(map, 0, 512 * Kib);
        TestDevice b = Resume(map, new QueueLimits { MaxBytes = 32 * Kib });
        b.Ranges.ShouldBe(Pieces(512 * Kib, 32 * Kib));
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        ShouldBeDone(map);
    }

    [Fact]
    public void The_new_number_of_segments_and_borders_hold_too()
    {
        MappedDevice map = Suspended(new QueueLimits());
        for (int i = 0; i < 64; i++) _bench.Write(map, i * Block, Block);
        TestDevice b = Resume(
            map, new QueueLimits { MaxSegments = 5, BoundaryBytes = 16 * Block });
        b.Sent.ShouldAllBe(sent => sent.Bios <= 5);
        b.Ranges.ShouldAllBe(range =>
            range.Offset / (16 * Block) == (range.Offset + range.Length - 1) / (16 * Block));
        ShouldCover(b, 64 * Block);
        ShouldBeDone(map);
    }

    [Fact]
    public void What_somebody_wants_to_fail_does_and_is_not_fitted()
    {
        MappedDevice map = Suspended(new QueueLimits { MaxBytes = 512 * Kib });
        Bio meant = _bench.Write(map, 0, Block);
        Bio other = _bench.Write(map, 64 * Kib, Block);
        string id = map.Held().Single(held => held.Offset == 0).Id;
        map.FailHeld(held => held == id).ShouldBe(1);
        TestDevice b = Resume(map, new QueueLimits { MaxBytes = 128 * Kib });
        Owner.StatusOf(meant).ShouldBe(BlockStatus.IoError);
        Owner.StatusOf(other).ShouldBe(BlockStatus.Ok);
        b.Ranges.ShouldBe([(64 * Kib, Block)]);
        ShouldBeQuiet(map);
    }

    [Fact]
    public void Bios_that_waited_for_a_tag_are_fitted_too()
    {
        MappedDevice map = Suspended(
            new QueueLimits { MaxBytes = 512 * Kib }, SchedulerKind.None, depth: 2);
        for (int i = 0; i < 6; i++) _bench.Write(map, i * 64 * Kib, 48 * Kib);
        TestDevice b = Resume(map, new QueueLimits { MaxBytes = 16 * Kib });
        b.Sent.ShouldAllBe(sent => sent.Length <= 16 * Kib);
        b.Sent.Sum(sent => sent.Length).ShouldBe(6 * 48 * Kib);
        ShouldBeDone(map);
    }

    [Fact]
    public unsafe void What_failed_half_way_is_written_whole_to_the_new_paths()
    {
        byte[] data = PinnedData.Random(512 * Kib);
        MappedDevice map = Map(new QueueLimits { MaxBytes = 512 * Kib });
        TestDevice a = (TestDevice)_bench.Find("a");
        a.DelayNs = null;
        _store = new byte[1 << 20];
        a.Store = _store;
        Bio[] bios = [.. Enumerable.Range(0, 4).Select(i =>
        {
            Bio bio = Owner.Write(i * 128 * Kib, 128 * Kib);
            bio.Data = PinnedData.At(data, i * 128 * Kib);
            return bio;
        })];
        foreach (Bio bio in bios) map.Submit(bio);
        Transition suspend = map.Suspend(noFlush: true);
        a.Complete(a.InFlight[0], BlockStatus.Transport, 200 * Kib);
        suspend.ShouldBeDone();
        Owner.Ended.ShouldBe(bios[..1]);

        // What the failed path has of the second bio, nobody may rely on.
        _store.AsSpan(128 * Kib).Clear();
        TestDevice b = Resume(map, new QueueLimits { MaxBytes = 96 * Kib });
        b.Sent.ShouldAllBe(sent => sent.Length <= 96 * Kib && sent.Offset >= 128 * Kib);
        _store.AsSpan(0, 512 * Kib).SequenceEqual(data).ShouldBeTrue();
        ShouldBeDone(map);
    }

    [Fact]
    public void What_lies_beyond_the_end_of_a_shorter_table_fails_and_is_not_sent()
    {
        MappedDevice map = Suspended(new QueueLimits());
        Bio inside = _bench.Write(map, 256 * Kib, 256 * Kib);
        Bio across = _bench.Write(map, 511 * Kib, 2 * Kib);
        Bio beyond = _bench.Write(map, 768 * Kib, 8 * Kib);
        TestDevice b = Resume(map, new QueueLimits(), sectors: 1024);
        Owner.StatusOf(inside).ShouldBe(BlockStatus.Ok);
        Owner.StatusOf(across).ShouldBe(BlockStatus.IoError);
        Owner.StatusOf(beyond).ShouldBe(BlockStatus.IoError);
        b.Ranges.ShouldBe([(256 * Kib, 256 * Kib)]);
        ShouldBeQuiet(map);
    }

    [Fact]
    public void Of_a_request_across_the_new_end_the_bios_within_are_done()
    {
        MappedDevice map = Suspended(new QueueLimits());
        Bio[] bios = [.. Enumerable.Range(120, 16).Select(i => _bench.Write(map, i * Block))];
        TestDevice b = Resume(map, new QueueLimits(), sectors: 1024);
        bios.Select(Owner.StatusOf).ShouldBe(
            [.. Enumerable.Repeat(BlockStatus.Ok, 8),
                .. Enumerable.Repeat(BlockStatus.IoError, 8)]);
        b.Ranges.ShouldBe([(120 * Block, 8 * Block)]);
        ShouldBeQuiet(map);
    }

    [Fact]
    public void What_deferred_bios_ask_beyond_the_end_of_a_shorter_table_fails()
    {
        _bench.Add("a");
        MappedDevice map = _bench.Map("0 2048 linear a 0");
        map.Suspend().ShouldBeDone();
        Bio inside = _bench.Write(map, 256 * Kib, 256 * Kib);
        Bio across = _bench.Write(map, 511 * Kib, 2 * Kib);
        Bio beyond = _bench.Write(map, 768 * Kib, 8 * Kib);
        TestDevice b = _bench.Add("b");
        _bench.Load(map, "0 1024 linear b 0");
        map.Resume().ShouldBeDone();
        Owner.StatusOf(inside).ShouldBe(BlockStatus.Ok);
        Owner.StatusOf(across).ShouldBe(BlockStatus.IoError);
        Owner.StatusOf(beyond).ShouldBe(BlockStatus.IoError);
        b.Ranges.ShouldBe([(256 * Kib, 256 * Kib)]);
        map.InFlight.ShouldBe(0);
    }

    [Fact]
    public void What_is_not_whole_blocks_any_more_fails()
    {
        MappedDevice map = Suspended(new QueueLimits());
        Bio odd = _bench.Write(map, 512, 8 * Block);
        Bio whole = _bench.Write(map, 16 * Block, 8 * Block);
        TestDevice b = Resume(map, new QueueLimits { LogicalBlockSize = Block });
        Owner.StatusOf(odd).ShouldBe(BlockStatus.Invalid);
        Owner.StatusOf(whole).ShouldBe(BlockStatus.Ok);
        b.Ranges.ShouldBe([(16 * Block, 8 * Block)]);
        ShouldBeQuiet(map);
    }

    [Fact]
    public void What_the_new_paths_do_not_offer_fails()
    {
        MappedDevice map = Suspended(new QueueLimits
        {
            MaxDiscardBytes = 1 << 20, MaxWriteZeroesBytes = 1 << 20, Extents = true,
        });
        Bio write = _bench.Write(map);
        Bio read = map.Give(Owner.Read(0, Block));
        Bio discard = map.Give(Owner.Make(BlockOperation.Discard, 0, Block));
        Bio extents = map.Give(Owner.Make(BlockOperation.Extents, 0, Block));
        TestDevice b = Resume(map, new QueueLimits { ReadOnly = true });
        Owner.StatusOf(write).ShouldBe(BlockStatus.ReadOnly);
        Owner.StatusOf(discard).ShouldBe(BlockStatus.ReadOnly);
        Owner.StatusOf(extents).ShouldBe(BlockStatus.NotSupported);
        Owner.StatusOf(read).ShouldBe(BlockStatus.Ok);
        b.Sent.Single().Operation.ShouldBe(BlockOperation.Read);
        ShouldBeQuiet(map);
    }

    /// <summary>
    /// Cache and FUA of the path before and the path after: is the write durable?
    /// </summary>
    [Theory]
    [InlineData(false, false, true, false, "Write None, Flush None")]
    [InlineData(false, false, true, true, "Write Fua")]
    [InlineData(true, true, true, false, "Write None, Flush None")]
    [InlineData(true, true, false, false, "Write None")]
    [InlineData(true, false, true, true, "Write None, Flush None")]
    [InlineData(true, false, false, false, "Write None")]
    public void A_forced_write_is_durable_by_the_means_of_the_new_path(
        bool cacheBefore, bool fuaBefore, bool cacheAfter, bool fuaAfter, string expected)
    {
        MappedDevice map = Suspended(
            new QueueLimits { WriteCache = cacheBefore, Fua = fuaBefore });
        Bio bio = map.Give(Owner.Write(0, Block, BioFlags.Fua));
        _bench.Loop.Settle();
        TestDevice b = Resume(map, new QueueLimits { WriteCache = cacheAfter, Fua = fuaAfter });
        string.Join(", ", b.Sent.Select(sent => $"{sent.Operation} {sent.Flags}"))
            .ShouldBe(expected);
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        ShouldBeDone(map);
    }

    [Fact]
    public void A_flush_that_waited_ends_where_there_is_no_cache_any_more()
    {
        MappedDevice map = Suspended(new QueueLimits { WriteCache = true });
        Bio flush = map.Give(Owner.Flush());
        Bio again = map.Give(Owner.Flush());
        _bench.Loop.Settle();
        TestDevice b = Resume(map, new QueueLimits());
        b.Sent.ShouldBeEmpty();
        Owner.StatusOf(flush).ShouldBe(BlockStatus.Ok);
        Owner.StatusOf(again).ShouldBe(BlockStatus.Ok);
        ShouldBeDone(map);
    }

    [Fact]
    public void Merges_that_still_fit_are_kept()
    {
        MappedDevice map = Suspended(new QueueLimits());
        for (int i = 0; i < 16; i++) _bench.Write(map, i * Block, Block);
        TestDevice b = Resume(map, new QueueLimits());
        b.Ranges.ShouldBe([(0, 16 * Block)]);
        map.Statistics.WriteMerges.ShouldBe(15);
        ShouldBeDone(map);
    }

    [Fact]
    public void A_table_without_devices_keeps_the_limits()
    {
        var limits = new QueueLimits { MaxBytes = 96 * Kib, MaxSegments = 7 };
        MappedDevice map = Map(limits, features: "1 queue_if_no_path");
        _bench.Swap(map, "0 2048 multipath 1 queue_if_no_path 0 0 0");
        map.Limits.ShouldBe(limits);
        Bio bio = _bench.Write(map, 0, 200 * Kib);
        TestDevice b = Resume(map, limits);
        b.Ranges.ShouldBe(Pieces(200 * Kib, 96 * Kib));
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
    }

    private static IEnumerable<(long Offset, long Length)> Pieces(long length, long each)
    {
        for (long at = 0; at < length; at += each) yield return (at, Math.Min(each, length - at));
    }

    private static void ShouldCover(TestDevice device, long length)
    {
        long at = 0;
        foreach ((long offset, long bytes) in device.Ranges.Order())
        {
            offset.ShouldBe(at);
            at += bytes;
        }
        at.ShouldBe(length);
    }

    private MappedDevice Map(
        QueueLimits limits, SchedulerKind scheduler = SchedulerKind.None, int depth = 128,
        string features = "0")
    {
        _bench.Add("a", limits: limits);
        return _bench.Map(
            $"0 2048 multipath {features} 0 1 1 round-robin 0 1 1 a 1",
            new QueueOptions { Scheduler = scheduler, Depth = depth });
    }

    private MappedDevice Suspended(
        QueueLimits limits, SchedulerKind scheduler = SchedulerKind.None, int depth = 128)
    {
        MappedDevice map = Map(limits, scheduler, depth);
        map.Suspend(noFlush: true).ShouldBeDone();
        return map;
    }

    /// <summary>On a path b with other limits.</summary>
    private TestDevice Resume(MappedDevice map, QueueLimits limits, int sectors = 2048)
    {
        TestDevice b = _bench.Add("b", limits: limits);
        b.Store = _store;
        _bench.Load(map, $"0 {sectors} multipath 0 0 1 1 round-robin 0 1 1 b 1");
        map.Resume(noFlush: true).ShouldBeDone();
        _bench.Loop.RunFor(10 * Loops.Ms);
        return b;
    }

    private void ShouldBeDone(MappedDevice map)
    {
        Owner.ShouldAllHaveEnded();
        ShouldBeQuiet(map);
    }

    private void ShouldBeQuiet(MappedDevice map)
    {
        Owner.Open.ShouldBe(0);
        map.InFlight.ShouldBe(0);
        map.Queue!.Tags.InUse.ShouldBe(0);
        PgPath path = map.Multipath().Groups[0].Paths[0];
        path.IsActive.ShouldBeTrue("a path that did nothing wrong has failed");
        path.Device.Queue!.Tags.InUse.ShouldBe(0);
    }
}
