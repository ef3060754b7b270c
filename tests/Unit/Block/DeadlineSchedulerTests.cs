// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Block;

public sealed class DeadlineSchedulerTests
{
    private const long Ms = Loops.Ms;
    private const BlockOperation Read = BlockOperation.Read;
    private const BlockOperation Write = BlockOperation.Write;

    private readonly SchedulerBench _bench = new(SchedulerKind.Deadline);

    [Fact]
    public void A_batch_goes_up_from_the_oldest_and_begins_anew_with_the_oldest()
    {
        foreach (int unit in (int[])[5, 9, 1, 7, 3]) Insert(Read, unit);
        _bench.Drain().ShouldBe([5, 7, 9, 1, 3]);
        _bench.Scheduler.IsEmpty.ShouldBeTrue();
        _bench.Take().ShouldBeNull();
    }

    [Fact]
    public void Equal_offsets_go_in_the_order_of_their_arrival()
    {
        Request first = _bench.Insert(Read, 65536, 4096);
        Request second = _bench.Insert(Read, 65536, 8192);
        _bench.Scheduler.TakeNext().ShouldBeSameAs(first);
        _bench.Scheduler.TakeNext().ShouldBeSameAs(second);
    }

    [Fact]
    public void Reads_go_before_writes()
    {
        Insert(Write, 1);
        Insert(Write, 2);
        Insert(Read, 9);
        _bench.Drain().ShouldBe([9, -2, -3]);
    }

    [Fact]
    public void A_batch_is_sixteen_requests_long()
    {
        for (int unit = 0; unit < 20; unit++) Insert(Write, unit);
        for (int unit = 50; unit < 52; unit++) _bench.Take();
        // The batch of writes has begun: a read waits until it is over.
        Insert(Read, 100);
        List<long> order = _bench.Drain();
        order.IndexOf(100).ShouldBe(14);
    }

    [Fact]
    public void Writes_go_after_two_batches_of_reads()
    {
        for (int unit = 0; unit < 50; unit++) Insert(Read, unit);
        Insert(Write, 100);
        List<long> order = _bench.Drain();
        order.IndexOf(-101).ShouldBe(32);
        order.Count.ShouldBe(51);
    }

    [Fact]
    public void Reads_alone_do_not_count_as_starving_writes()
    {
        for (int unit = 0; unit < 40; unit++) Insert(Read, unit);
        for (int i = 0; i < 33; i++) _bench.Take();
        // Only now is there a write: two more batches of reads may pass it.
        Insert(Write, 200);
        for (int unit = 40; unit < 90; unit++) Insert(Read, unit);
        List<long> order = _bench.Drain();
        order.IndexOf(-201).ShouldBe(15 + 32);
    }

    [Fact]
    public void A_read_goes_first_when_it_has_waited_500_ms()
    {
        Insert(Read, 1);
        _bench.Loop.RunFor(1);
        for (int unit = 10; unit < 50; unit++) Insert(Read, unit);
        // Behind the batch in the order of offsets, so that only its age brings it forward.
        _bench.Take()!.Value.Offset.ShouldBe(65536);
        Insert(Read, 0);
        for (int i = 0; i < 15; i++) _bench.Take();
        _bench.Loop.RunFor(499 * Ms);
        _bench.Take()!.Value.Offset.ShouldBe(25 * 65536);
        for (int i = 0; i < 15; i++) _bench.Take();
        _bench.Loop.RunFor(Ms);
        // The batch is over, the oldest has expired: 41 is the oldest of the two lists' heads.
        _bench.Take()!.Value.Offset.ShouldBe(41 * 65536);
    }

    [Theory]
    [InlineData(Read, 500)]
    [InlineData(Write, 5000)]
    public void An_expired_request_interrupts_the_order_at_the_end_of_a_batch(
        BlockOperation operation, int expireMs)
    {
        for (int unit = 20; unit < 36; unit++) Insert(operation, unit);
        _bench.Take();
        Insert(operation, 3);
        for (int unit = 36; unit < 80; unit++) Insert(operation, unit);
        for (int i = 0; i < 15; i++) _bench.Take();
        _bench.Loop.RunFor((expireMs * Ms) - 1);
        _bench.Take()!.Value.Offset.ShouldBe(36 * 65536);
        for (int i = 0; i < 15; i++) _bench.Take();
        _bench.Loop.RunFor(1);
        _bench.Take()!.Value.Offset.ShouldBe(3 * 65536);
        _bench.Take()!.Value.Offset.ShouldBe(52 * 65536);
    }

    [Fact]
    public void A_bio_joins_the_end_of_a_request_that_waits()
    {
        Insert(Write, 1);
        _bench.TryMerge(Write, 65536 + 4096).ShouldBeTrue();
        _bench.TryMerge(Write, 65536 + 8192).ShouldBeTrue();
        _bench.Take().ShouldBe((Write, 65536, 12288));
        _bench.Statistics.WriteMerges.ShouldBe(2);
    }

    [Fact]
    public void A_bio_joins_the_front_of_a_request_that_waits()
    {
        Insert(Read, 1);
        Insert(Read, 2);
        _bench.TryMerge(Read, 65536 - 4096).ShouldBeTrue();
        _bench.TryMerge(Read, 65536 - 8192).ShouldBeTrue();
        _bench.Statistics.ReadMerges.ShouldBe(2);
        _bench.Take().ShouldBe((Read, 65536 - 8192, 12288));
        _bench.Take().ShouldBe((Read, 2 * 65536, 4096));
    }

    [Fact]
    public void After_a_front_merge_the_order_of_offsets_holds_for_overlaps_too()
    {
        _bench.Insert(Read, 0);
        _bench.Insert(Read, 65536);
        _bench.Insert(Read, 65536 - 1024, 512);
        _bench.TryMerge(Read, 65536 - 4096).ShouldBeTrue();
        _bench.Take()!.Value.Offset.ShouldBe(0);
        _bench.Take().ShouldBe((Read, 65536 - 4096, 8192));
        _bench.Take().ShouldBe((Read, 65536 - 1024, 512));
    }

    [Fact]
    public void A_bio_that_fills_a_gap_makes_one_request_of_two()
    {
        _bench.Insert(Write, 0);
        _bench.Insert(Write, 8192);
        _bench.TryMerge(Write, 4096).ShouldBeTrue();
        _bench.Requests.ShouldBe(1);
        _bench.Statistics.WriteMerges.ShouldBe(2);
        _bench.Take().ShouldBe((Write, 0, 12288));
        _bench.Scheduler.IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public void Which_of_two_requests_came_first_does_not_matter_to_a_gap()
    {
        _bench.Insert(Write, 8192);
        _bench.Insert(Write, 0);
        _bench.TryMerge(Write, 4096).ShouldBeTrue();
        _bench.Requests.ShouldBe(1);
        _bench.Take().ShouldBe((Write, 0, 12288));
    }

    [Fact]
    public void A_request_joins_the_one_that_it_continues()
    {
        _bench.Insert(Write, 0);
        _bench.Insert(Write, 8192);
        _bench.Insert(Write, 4096);
        _bench.Requests.ShouldBe(1);
        _bench.Take().ShouldBe((Write, 0, 12288));
    }

    [Fact]
    public void Different_operations_of_one_direction_do_not_merge()
    {
        var bench = new SchedulerBench(
            SchedulerKind.Deadline, new QueueLimits { MaxDiscardBytes = 1 << 20 });
        bench.Insert(Write, 0);
        bench.TryMerge(BlockOperation.Discard, 4096).ShouldBeFalse();
        bench.Insert(BlockOperation.Discard, 4096);
        bench.Insert(Write, 8192);
        bench.Requests.ShouldBe(3);
        bench.TryMerge(BlockOperation.Discard, 8192).ShouldBeTrue();
        bench.TryMerge(Write, 12288).ShouldBeTrue();
    }

    [Fact]
    public void A_merge_keeps_to_the_limits()
    {
        var bench = new SchedulerBench(SchedulerKind.Deadline, new QueueLimits { MaxBytes = 8192 });
        bench.Insert(Write, 0);
        bench.Insert(Write, 8192);
        bench.TryMerge(Write, 4096).ShouldBeTrue();
        bench.Requests.ShouldBe(2);
        bench.Take().ShouldBe((Write, 0, 8192));
        bench.Take().ShouldBe((Write, 8192, 4096));
    }

    [Fact]
    public void A_request_that_was_taken_is_found_no_more()
    {
        Insert(Write, 1);
        _bench.Take();
        _bench.TryMerge(Write, 65536 + 4096).ShouldBeFalse();
        _bench.TryMerge(Write, 65536 - 4096).ShouldBeFalse();
    }

    [Fact]
    public void A_batch_goes_on_with_the_request_that_its_next_was_merged_into()
    {
        Insert(Write, 1);
        _bench.Insert(Write, 2 * 65536);
        _bench.Take()!.Value.Offset.ShouldBe(65536);
        // Next is at 2; it is swallowed by one that begins before it.
        _bench.Insert(Write, (2 * 65536) - 8192);
        _bench.TryMerge(Write, (2 * 65536) - 4096).ShouldBeTrue();
        Insert(Write, 0);
        _bench.Take().ShouldBe((Write, (2 * 65536) - 8192, 12288));
        _bench.Take()!.Value.Offset.ShouldBe(0);
    }

    [Fact]
    public void A_merged_request_goes_by_the_deadline_of_its_oldest_part()
    {
        // A batch that could go on for ever; then an old request, one in between, and a young one
        // that swallows the old.
        for (int unit = 20; unit < 36; unit++) Insert(Read, unit);
        _bench.Take();
        _bench.Insert(Read, 8192);
        _bench.Loop.RunFor(100 * Ms);
        Insert(Read, 10);
        _bench.Loop.RunFor(100 * Ms);
        _bench.Insert(Read, 0);
        _bench.TryMerge(Read, 4096).ShouldBeTrue();
        for (int unit = 36; unit < 80; unit++) Insert(Read, unit);
        for (int i = 0; i < 15; i++) _bench.Take();
        _bench.Loop.RunFor(300 * Ms);
        _bench.Take().ShouldBe((Read, 0, 12288));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_random_run_without_neighbours_agrees_with_a_model(ulong seed)
    {
        var bench = new SchedulerBench(SchedulerKind.Deadline, seed: seed);
        var random = new LoopRandom(seed + 100);
        var model = new DeadlineModel();
        for (int step = 0; step < 4000; step++)
        {
            if (random.Chance(510))
            {
                bool write = random.Chance(500);
                long offset = random.Next(200) * 65536;
                Request request = bench.Insert(write ? Write : Read, offset, 512);
                model.Insert(request, write, offset, bench.Loop.NowNs);
            }
            else
            {
                Request? taken = bench.Scheduler.TakeNext();
                taken.ShouldBeSameAs(model.Take(bench.Loop.NowNs));
                if (taken is not null) bench.Free(taken);
            }
            if (random.Chance(50)) bench.Loop.RunFor(random.Next(2000 * Ms));
        }
    }

    [Theory]
    [InlineData(SchedulerKind.Deadline, 1)]
    [InlineData(SchedulerKind.Deadline, 2)]
    [InlineData(SchedulerKind.Deadline, 3)]
    [InlineData(SchedulerKind.None, 4)]
    public void A_random_run_loses_nothing_and_doubles_nothing(SchedulerKind kind, ulong seed)
    {
        var limits = new QueueLimits
        {
            MaxBytes = 65536, MaxSegments = 12, BoundaryBytes = 98304, MaxDiscardBytes = 32768,
        };
        var bench = new SchedulerBench(kind, limits, seed);
        var random = new LoopRandom(seed);
        var waiting = new HashSet<Bio>();
        BlockOperation[] operations = [Read, Write, BlockOperation.Discard];
        for (int step = 0; step < 20_000; step++)
        {
            if (random.Chance(700) && waiting.Count < 2000)
            {
                Bio bio = bench.Make(
                    operations[random.Next(3)], random.Next(300) * 4096,
                    4096 * (1 + random.Next(4)));
                waiting.Add(bio);
                if (!bench.Scheduler.TryMerge(bio)) InsertBio(bench, bio);
            }
            else if (bench.Scheduler.TakeNext() is { } request)
            {
                Check(request, limits, waiting);
                bench.Free(request);
            }
            if (random.Chance(100)) bench.Loop.RunFor(random.Next(600 * Ms));
        }
        while (bench.Scheduler.TakeNext() is { } request)
        {
            Check(request, limits, waiting);
            bench.Free(request);
        }
        waiting.ShouldBeEmpty();
        bench.Scheduler.IsEmpty.ShouldBeTrue();
        bench.Requests.ShouldBe(0);
    }

    private static void InsertBio(SchedulerBench bench, Bio bio)
    {
        Request request = bench.Take(bio);
        bench.Scheduler.Insert(request);
    }

    /// <summary>The bios are neighbours in order, each has waited, and the limits hold.</summary>
    private static void Check(Request request, QueueLimits limits, HashSet<Bio> waiting)
    {
        long at = request.Offset;
        int segments = 0;
        for (Bio? bio = request.FirstBio; bio is not null; bio = bio.Next)
        {
            waiting.Remove(bio).ShouldBeTrue();
            bio.Operation.ShouldBe(request.Operation);
            bio.Offset.ShouldBe(at);
            at = bio.End;
            if (bio.HasData) segments++;
        }
        at.ShouldBe(request.End);
        request.Segments.ShouldBe(segments);
        if (request.FirstBio!.Next is null) return;
        request.Length.ShouldBeLessThanOrEqualTo(limits.MaxFor(request.Operation));
        segments.ShouldBeLessThanOrEqualTo(limits.MaxSegments);
        (request.Offset / limits.BoundaryBytes)
            .ShouldBe((request.End - 1) / limits.BoundaryBytes);
    }

    private void Insert(BlockOperation operation, int unit) =>
        _bench.Insert(operation, unit * 65536L);
}
