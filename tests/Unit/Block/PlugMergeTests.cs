// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Block;

/// <summary>Merging of bios in the plug of one turn.</summary>
public sealed class PlugMergeTests
{
    private const int Kib = 1024;

    private readonly Bench _bench = new();

    private TestOwner Owner => _bench.Owner;

    [Fact]
    public void Neighbours_in_ascending_order_become_one_request()
    {
        TestDevice device = _bench.Add("a");
        for (int i = 0; i < 8; i++) device.Submit(Owner.Write(i * 4 * Kib, 4 * Kib));
        _bench.Loop.Settle();
        device.Ranges.ShouldBe([(0, 32 * Kib)]);
        device.Sent[0].Bios.ShouldBe(8);
        device.Statistics.WriteMerges.ShouldBe(7);
        device.Statistics.Writes.ShouldBe(1);
        device.Statistics.WriteBytes.ShouldBe(32 * Kib);
        Owner.ShouldAllHaveEnded();
        Owner.Ended.Select(bio => bio.Cookie).ShouldBe(Enumerable.Range(0, 8));
    }

    [Fact]
    public void Neighbours_in_descending_order_become_one_request()
    {
        TestDevice device = _bench.Add("a");
        for (int i = 7; i >= 0; i--) device.Submit(Owner.Read(i * 4 * Kib, 4 * Kib));
        _bench.Loop.Settle();
        device.Ranges.ShouldBe([(0, 32 * Kib)]);
        device.Statistics.ReadMerges.ShouldBe(7);
        device.Statistics.Reads.ShouldBe(1);
        // Front merges: the bios are in the order of their offsets.
        Owner.Ended.Select(bio => bio.Cookie).ShouldBe(Enumerable.Range(0, 8).Reverse());
    }

    [Fact]
    public void A_bio_joins_both_ends_of_the_newest_request()
    {
        TestDevice device = _bench.Add("a");
        device.Submit(Owner.Write(8 * Kib, 4 * Kib));
        device.Submit(Owner.Write(12 * Kib, 4 * Kib));
        device.Submit(Owner.Write(4 * Kib, 4 * Kib));
        _bench.Loop.Settle();
        device.Ranges.ShouldBe([(4 * Kib, 12 * Kib)]);
        Owner.Ended.Select(bio => bio.Cookie).ShouldBe([2, 0, 1]);
    }

    [Fact]
    public void Bios_with_a_gap_or_an_overlap_stay_apart()
    {
        TestDevice device = _bench.Add("a");
        device.Submit(Owner.Write(0, 4 * Kib));
        device.Submit(Owner.Write(8 * Kib, 4 * Kib));
        device.Submit(Owner.Write(10 * Kib, 4 * Kib));
        device.Submit(Owner.Write(10 * Kib, 4 * Kib));
        _bench.Loop.Settle();
        device.Sent.Count.ShouldBe(4);
        device.Statistics.WriteMerges.ShouldBe(0);
    }

    [Fact]
    public void Bios_of_different_turns_stay_apart_on_a_free_device()
    {
        TestDevice device = _bench.Add("a");
        _bench.Write(device, 0);
        _bench.Write(device, 4096);
        device.Sent.Count.ShouldBe(2);
    }

    [Fact]
    public void Reads_and_writes_are_never_merged()
    {
        TestDevice device = _bench.Add("a");
        device.Submit(Owner.Write(0, 4 * Kib));
        device.Submit(Owner.Read(4 * Kib, 4 * Kib));
        _bench.Loop.Settle();
        device.Sent.Count.ShouldBe(2);
    }

    [Fact]
    public void A_discard_merges_with_a_discard_but_not_with_a_write()
    {
        TestDevice device = _bench.Add("a", limits: new QueueLimits { MaxDiscardBytes = 1 << 20 });
        device.Submit(Owner.Write(0, 4 * Kib));
        device.Submit(Owner.Make(BlockOperation.Discard, 4 * Kib, 4 * Kib));
        device.Submit(Owner.Make(BlockOperation.Discard, 8 * Kib, 4 * Kib));
        _bench.Loop.Settle();
        device.Ranges.ShouldBe([(0, 4 * Kib), (4 * Kib, 8 * Kib)]);
    }

    [Theory]
    [InlineData(BlockOperation.WriteZeroes, BioFlags.None)]
    [InlineData(BlockOperation.WriteZeroes, BioFlags.NoUnmap)]
    [InlineData(BlockOperation.Extents, BioFlags.None)]
    [InlineData(BlockOperation.Write, BioFlags.Fua)]
    public void What_may_not_be_merged_stays_alone(BlockOperation operation, BioFlags flags)
    {
        var limits = new QueueLimits
        {
            MaxWriteZeroesBytes = 1 << 20,
            Extents = true,
            WriteCache = true,
            Fua = true,
        };
        TestDevice device = _bench.Add("a", limits: limits);
        device.Submit(Owner.Make(operation, 0, 4 * Kib, flags));
        device.Submit(Owner.Make(operation, 4 * Kib, 4 * Kib, flags));
        device.Submit(Owner.Make(operation, 8 * Kib, 4 * Kib, flags));
        _bench.Loop.Settle();
        device.Sent.Count.ShouldBe(3);
        device.Sent.ShouldAllBe(sent => sent.Flags == flags);
    }

    [Fact]
    public void A_plain_write_does_not_join_a_forced_one()
    {
        var limits = new QueueLimits { WriteCache = true, Fua = true };
        TestDevice device = _bench.Add("a", limits: limits);
        device.Submit(Owner.Write(0, 4 * Kib, BioFlags.Fua));
        device.Submit(Owner.Write(4 * Kib, 4 * Kib));
        device.Submit(Owner.Write(8 * Kib, 4 * Kib, BioFlags.Fua));
        _bench.Loop.Settle();
        device.Sent.Select(sent => sent.Flags)
            .ShouldBe([BioFlags.Fua, BioFlags.None, BioFlags.Fua]);
    }

    [Fact]
    public void A_flush_does_not_part_neighbours_that_come_after_it()
    {
        TestDevice device = _bench.Add("a", limits: new QueueLimits { WriteCache = true });
        device.Submit(Owner.Write(0, 4 * Kib));
        device.Submit(Owner.Flush());
        device.Submit(Owner.Write(4 * Kib, 4 * Kib));
        device.Submit(Owner.Write(8 * Kib, 4 * Kib));
        _bench.Loop.Settle();
        device.Sent.Count(sent => sent.Operation == BlockOperation.Flush).ShouldBe(1);
        device.Sent.Where(sent => sent.Operation == BlockOperation.Write).Sum(sent => sent.Length)
            .ShouldBe(12 * Kib);
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public void A_merge_stops_at_the_longest_request()
    {
        TestDevice device = _bench.Add("a", limits: new QueueLimits { MaxBytes = 12 * Kib });
        for (int i = 0; i < 7; i++) device.Submit(Owner.Write(i * 4 * Kib, 4 * Kib));
        _bench.Loop.Settle();
        device.Ranges.ShouldBe([(0, 12 * Kib), (12 * Kib, 12 * Kib), (24 * Kib, 4 * Kib)]);
    }

    [Fact]
    public void A_discard_has_its_own_limit()
    {
        var limits = new QueueLimits { MaxBytes = 4 * Kib, MaxDiscardBytes = 16 * Kib };
        TestDevice device = _bench.Add("a", limits: limits);
        for (int i = 0; i < 5; i++)
            device.Submit(Owner.Make(BlockOperation.Discard, i * 4 * Kib, 4 * Kib));
        _bench.Loop.Settle();
        device.Ranges.ShouldBe([(0, 16 * Kib), (16 * Kib, 4 * Kib)]);
    }

    [Fact]
    public void A_merge_stops_at_the_most_segments()
    {
        TestDevice device = _bench.Add("a", limits: new QueueLimits { MaxSegments = 3 });
        for (int i = 0; i < 7; i++) device.Submit(Owner.Write(i * 4 * Kib, 4 * Kib));
        _bench.Loop.Settle();
        device.Sent.Select(sent => sent.Bios).ShouldBe([3, 3, 1]);
    }

    [Fact]
    public void A_merge_does_not_cross_a_border()
    {
        TestDevice device = _bench.Add("a", limits: new QueueLimits { BoundaryBytes = 16 * Kib });
        for (int i = 2; i < 10; i++) device.Submit(Owner.Write(i * 4 * Kib, 4 * Kib));
        _bench.Loop.Settle();
        device.Ranges.ShouldBe(
            [(8 * Kib, 8 * Kib), (16 * Kib, 16 * Kib), (32 * Kib, 8 * Kib)]);
    }

    [Fact]
    public void A_front_merge_does_not_cross_a_border()
    {
        TestDevice device = _bench.Add("a", limits: new QueueLimits { BoundaryBytes = 16 * Kib });
        for (int i = 9; i >= 2; i--) device.Submit(Owner.Write(i * 4 * Kib, 4 * Kib));
        _bench.Loop.Settle();
        device.Ranges.ShouldBe(
            [(32 * Kib, 8 * Kib), (16 * Kib, 16 * Kib), (8 * Kib, 8 * Kib)]);
    }

    [Theory]
    [InlineData(SchedulerKind.None)]
    [InlineData(SchedulerKind.Deadline)]
    public void Two_hundred_and_fifty_six_writes_of_4_KiB_become_two_of_512_KiB(
        SchedulerKind scheduler)
    {
        var options = new QueueOptions { Scheduler = scheduler, Depth = 256 };
        var limits = new QueueLimits { MaxBytes = 512 * Kib };
        TestDevice device = _bench.Add("a", options, limits);
        for (int i = 0; i < 256; i++) device.Submit(Owner.Write(i * 4 * Kib, 4 * Kib));
        _bench.Loop.Settle();
        device.Ranges.ShouldBe([(0, 512 * Kib), (512 * Kib, 512 * Kib)]);
        device.Statistics.WriteMerges.ShouldBe(254);
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public void Two_streams_in_turns_merge_in_the_scheduler_when_the_plug_is_full()
    {
        // Only the newest request of the plug is looked at, so the plug alone merges nothing here.
        var options = new QueueOptions { Scheduler = SchedulerKind.Deadline };
        TestDevice device = _bench.Add("a", options);
        for (int i = 0; i < 16; i++)
        {
            device.Submit(Owner.Write(i * 4 * Kib, 4 * Kib));
            device.Submit(Owner.Write((1 << 20) + (i * 4 * Kib), 4 * Kib));
        }
        _bench.Loop.Settle();
        device.Ranges.ShouldBe([(0, 64 * Kib), (1 << 20, 64 * Kib)]);
        device.Statistics.WriteMerges.ShouldBe(30);
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public void A_plug_of_32_requests_goes_to_the_scheduler()
    {
        // 31 others, then a neighbour of the first: found in the plug's newest only, so not merged.
        // One more request opens the plug, and then the scheduler finds it.
        TestDevice device = _bench.Add(
            "a", new QueueOptions { Scheduler = SchedulerKind.Deadline });
        for (int i = 0; i < 33; i++) device.Submit(Owner.Write(i * 64 * Kib, 4 * Kib));
        device.Statistics.WriteMerges.ShouldBe(0);
        device.Submit(Owner.Write(4 * Kib, 4 * Kib));
        device.Statistics.WriteMerges.ShouldBe(1);
        device.Submit(Owner.Write((32 * 64 * Kib) + (4 * Kib), 4 * Kib));
        device.Statistics.WriteMerges.ShouldBe(2);
    }

    [Fact]
    public void A_plug_whose_newest_is_128_KiB_goes_to_the_scheduler()
    {
        TestDevice device = _bench.Add(
            "a", new QueueOptions { Scheduler = SchedulerKind.Deadline });
        device.Submit(Owner.Write(0, 128 * Kib));
        device.Submit(Owner.Write(1 << 20, 4 * Kib));
        device.Submit(Owner.Write(128 * Kib, 4 * Kib));
        device.Statistics.WriteMerges.ShouldBe(1);
    }

    [Fact]
    public void A_bio_submitted_from_the_end_of_another_is_dispatched_in_the_same_instant()
    {
        TestDevice device = _bench.Add("a");
        bool again = true;
        Owner.Then = _ =>
        {
            if (again) device.Submit(Owner.Write(4096, 4096));
            again = false;
        };
        _bench.Write(device);
        device.Sent.Count.ShouldBe(2);
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public void A_bio_may_be_used_again_at_its_end()
    {
        TestDevice device = _bench.Add("a");
        int ends = 0;
        Bio bio = null!;
        var owner = new ReusingOwner(b =>
        {
            if (++ends == 10) return;
            b.Offset = ends * 4096;
            device.Submit(b);
        });
        bio = new Bio(owner) { Operation = BlockOperation.Write, Length = 4096 };
        device.Submit(bio);
        _bench.Loop.Settle();
        ends.ShouldBe(10);
        device.Ranges.ShouldBe(Enumerable.Range(0, 10).Select(i => (i * 4096L, 4096L)));
    }

    private sealed class ReusingOwner(Action<Bio> end) : IBioOwner
    {
        public void EndBio(Bio bio) => end(bio);
    }
}
