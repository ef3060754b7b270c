// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Multipath;

/// <summary>Which reads are hedged, how many, and what a suspend makes of them.</summary>
public sealed class HedgeRulesTests
{
    [Fact]
    public void Nothing_is_due_on_a_path_of_which_too_little_is_known()
    {
        var bench = new HedgeBench(learns: false);
        ShouldNotBeHedged(bench);
    }

    [Fact]
    public void Without_another_path_in_the_group_nothing_is_hedged()
    {
        var bench = new HedgeBench(groups: "2 1 round-robin 0 1 1 a 1 round-robin 0 1 1 b 1");
        ShouldNotBeHedged(bench);
    }

    [Fact]
    public void A_path_that_has_failed_is_not_asked()
    {
        var bench = new HedgeBench();
        bench.Map.Message("fail_path b");
        ShouldNotBeHedged(bench);
    }

    [Fact]
    public void A_path_that_is_full_is_not_asked()
    {
        var bench = new HedgeBench();
        bench.B.Busy = true;
        ShouldNotBeHedged(bench);
    }

    [Fact]
    public void A_read_of_a_path_that_cannot_let_go_of_its_memory_is_not_hedged()
    {
        var bench = new HedgeBench();
        bench.A.Abandons = false;
        ShouldNotBeHedged(bench);
    }

    [Fact]
    public void A_long_read_is_not_hedged()
    {
        var bench = new HedgeBench();
        ShouldNotBeHedged(bench, (256 << 10) + 4096);
    }

    [Fact]
    public void A_path_that_refuses_a_hedge_leaves_the_read_alone()
    {
        var bench = new HedgeBench();
        bench.B.Answer = static _ => BlockStatus.DeviceResource;
        ShouldNotBeHedged(bench);
        bench.Bench.Changes.ShouldBeEmpty();
    }

    [Fact]
    public void A_path_that_fails_as_it_is_asked_fails()
    {
        var bench = new HedgeBench();
        bench.B.Answer = static _ => BlockStatus.Transport;
        ShouldNotBeHedged(bench);
        bench.Bench.Changes.ShouldBe(["-b 1"]);
    }

    [Fact]
    public void Writes_are_never_sent_twice()
    {
        var bench = new HedgeBench();
        bench.Hold();
        Bio write = bench.Bench.Owner.Write(0, 4096);
        bench.A.Store = bench.B.Store = null;
        bench.Map.Submit(write);
        bench.Bench.Loop.RunFor(1000 * HedgeBench.DueNs);
        bench.B.InFlight.ShouldBeEmpty();
        bench.A.CompleteAll();
        bench.ShouldBeAtRest();
    }

    [Fact]
    public void A_map_of_bios_cannot_have_them()
    {
        var bench = new Bench();
        bench.Add("a");
        var type = new Braid.Multipath.MultipathType(hedgesReads: true);
        var parser = new TableParser([type], bench);
        var map = new MappedDevice(bench.Loop, "mp", new QueueOptions(), bench);
        Should.Throw<TableException>(() => parser.Parse(
            "0 8 multipath 2 queue_mode bio 0 1 1 round-robin 0 1 0 a", map))
            .Message.ShouldBe("hedged reads need queue_mode mq, not bio");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    public void No_more_than_the_share_is_sent_twice(int percent)
    {
        const int Reads = 3000;
        var bench = new HedgeBench(options: new QueueOptions
        {
            Hedging = new HedgeOptions { Percentile = 90, SharePercent = percent },
        });
        int before = bench.Bench.Owner.Made;
        for (int i = 0; i < Reads; i++)
        {
            // Each takes longer than all before: it is due, whatever has been learned.
            bench.A.DelayNs = bench.B.DelayNs = 200_000 + (i * 20_000);
            bench.Read();
            bench.Bench.Loop.Await(() => bench.Bench.Owner.Open == 0);
        }
        int reads = bench.Bench.Owner.Made - before;
        double most = HedgeOptions.Burst + (percent / 100.0 * (reads + before));
        bench.Hedges.Sent.ShouldBeInRange((long)(most * 0.7), (long)most);
        bench.Hedges.Denied.ShouldBeGreaterThan(Reads / 2);
        bench.Bench.Loop.RunFor(Reads * 100_000L);
        bench.ShouldBeAtRest();
    }

    [Fact]
    public void What_was_due_without_a_share_is_sent_when_there_is_one()
    {
        var bench = new HedgeBench(options: new QueueOptions
        {
            Depth = 256,
            Hedging = new HedgeOptions { Percentile = 90, SharePercent = 50 },
        });
        bench.A.DelayNs = null;
        const int Wanted = HedgeOptions.Burst + 8;
        // Every second one goes to a.
        for (int i = 0; i < 2 * Wanted; i++) bench.Read(i * 4096L);
        bench.A.InFlight.Count.ShouldBe(Wanted);
        bench.Bench.Loop.RunFor(2 * HedgeBench.DueNs);
        long sent = bench.Hedges.Sent;
        sent.ShouldBe(HedgeOptions.Burst);
        bench.Map.Message("fail_path a");
        // Each read earns half a hedge; those to b are as fast as ever.
        for (int i = 0; i < 16; i++)
        {
            bench.Read();
            bench.Bench.Loop.RunFor(HedgeBench.UsualNs);
        }
        bench.Hedges.Sent.ShouldBe(Wanted);
        bench.Bench.Loop.RunFor(HedgeBench.DueNs);
        bench.Bench.Owner.ShouldAllHaveEnded();
        bench.Hedges.Late.ShouldBe(Wanted);
        bench.A.CompleteAll();
        bench.ShouldBeAtRest();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_suspend_waits_for_a_late_answer(bool noFlush)
    {
        var bench = new HedgeBench();
        HeldRead read = bench.ReadTwice();
        bench.B.Complete(read.Hedge);
        Transition suspend = bench.Map.Suspend(noFlush);
        suspend.IsDone.ShouldBeFalse();
        Should.Throw<DeviceBusyException>(bench.Map.Remove);
        bench.A.Complete(read.First);
        suspend.ShouldBeDone();
        bench.Map.Resume().ShouldBeDone();
        bench.ShouldBeAtRest();
    }

    [Fact]
    public void A_suspend_waits_for_a_read_with_its_hedge_and_for_both_answers()
    {
        var bench = new HedgeBench();
        HeldRead read = bench.ReadTwice();
        Transition suspend = bench.Map.Suspend(noFlush: true);
        bench.B.Complete(read.Hedge);
        bench.Bench.Owner.HasEnded(read.Bio).ShouldBeTrue();
        suspend.IsDone.ShouldBeFalse();
        bench.A.Complete(read.First);
        suspend.ShouldBeDone();
        bench.Map.Resume().ShouldBeDone();
        bench.ShouldBeAtRest();
    }

    [Fact]
    public void While_a_suspend_waits_nothing_is_hedged_and_afterwards_it_is()
    {
        var bench = new HedgeBench();
        bench.Hold();
        HeldRead read = bench.Read();
        Transition suspend = bench.Map.Suspend(noFlush: true);
        bench.Bench.Loop.RunFor(10 * HedgeBench.DueNs);
        bench.Hedges.Sent.ShouldBe(0);
        bench.A.CompleteAll();
        suspend.ShouldBeDone();
        bench.Map.Resume().ShouldBeDone();
        read.ShouldBe(0xaa);
        bench.Read();
        bench.Bench.Loop.RunFor(2 * HedgeBench.DueNs);
        bench.Hedges.Sent.ShouldBe(1);
        bench.A.CompleteAll();
        bench.B.CompleteAll();
        bench.ShouldBeAtRest();
    }

    [Fact]
    public void What_was_learned_of_a_path_outlives_a_table()
    {
        var bench = new HedgeBench();
        bench.Bench.Swap(bench.Map, "0 32768 multipath 0 0 1 1 queue-length 0 2 0 a b");
        HeldRead read = bench.ReadTwice();
        bench.B.Complete(read.Hedge);
        bench.A.CompleteAll();
        bench.ShouldBeAtRest();
    }

    [Fact]
    public void A_map_over_a_map_hedges_below()
    {
        var bench = new HedgeBench();
        bench.Bench.Add(bench.Map);
        MappedDevice above = bench.Bench.Map(
            "0 32768 multipath 0 0 1 1 round-robin 0 1 0 mp",
            new QueueOptions { Hedging = new HedgeOptions { Percentile = 90 } }, "above");
        bench.Hold();
        Bio bio = bench.Bench.Owner.Read(0, 4096);
        byte[] data = PinnedData.Make(4096);
        unsafe
        {
            bio.Data = PinnedData.At(data);
        }
        above.Submit(bio);
        bench.Bench.Loop.RunFor(HedgeBench.DueNs);
        bench.B.CompleteFirst();
        bench.Bench.Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        data.AsSpan().IndexOfAnyExcept((byte)0xbb).ShouldBe(-1);
        GC.KeepAlive(data);
        above.InFlight.ShouldBe(0);
        bench.A.CompleteAll();
        bench.ShouldBeAtRest();
    }

    [Fact]
    public void A_hedged_read_allocates_nothing()
    {
        const int WarmUp = 2000;
        var bench = new Bench();
        var limits = new QueueLimits();
        var a = new QuietDevice(bench.Loop, "a", new QueueOptions(), limits);
        var b = new QuietDevice(bench.Loop, "b", new QueueOptions(), limits);
        bench.Add(a);
        bench.Add(b);
        MappedDevice map = bench.Map(
            "0 2048 multipath 0 0 1 1 round-robin 0 2 1 a 1 b 1", new QueueOptions
            {
                Hedging = new HedgeOptions { Percentile = 90, SharePercent = 100 },
            });
        var bio = new Bio(new NoOwner()) { Operation = BlockOperation.Read, Length = 4096 };
        byte[] data = PinnedData.Make(4096);
        long before = 0;
        for (int i = 0; i < 3 * WarmUp; i++)
        {
            if (i == WarmUp) before = GC.GetAllocatedBytesForCurrentThread();
            // Few enough that they are not the usual.
            a.IsHolding = i % 32 == 0;
            unsafe
            {
                bio.Data = PinnedData.At(data);
            }
            map.Submit(bio);
            bench.Loop.RunFor(1_000_000);
            a.Release();
            bench.Loop.RunFor(0);
        }
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
        map.Hedges!.Won.ShouldBeGreaterThan(2 * WarmUp / 32);
        map.InFlight.ShouldBe(0);
        GC.KeepAlive(data);
    }

    private static void ShouldNotBeHedged(HedgeBench bench, int length = HedgeBench.Block)
    {
        bench.Hold();
        HeldRead read = bench.Read(0, length);
        bench.A.InFlight.Count.ShouldBe(1);
        bench.Bench.Loop.RunFor(1000 * HedgeBench.DueNs);
        bench.Hedges.Sent.ShouldBe(0);
        bench.B.InFlight.ShouldBeEmpty();
        bench.A.CompleteAll();
        read.ShouldBe(0xaa);
        bench.ShouldBeAtRest();
    }

    private sealed class NoOwner : IBioOwner
    {
        public void EndBio(Bio bio)
        {
            if (bio.Status != BlockStatus.Ok) throw new InvalidOperationException($"{bio.Status}");
        }
    }
}
