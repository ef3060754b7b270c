// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Multipath;

/// <summary>Hedged reads: when a second path is asked, and whose answer counts.</summary>
public sealed class HedgeTests
{
    private const byte OfA = 0xaa;
    private const byte OfB = 0xbb;

    [Fact]
    public void A_read_that_waits_too_long_is_answered_by_another_path()
    {
        var bench = new HedgeBench();
        HeldRead read = bench.ReadTwice();
        bench.B.Complete(read.Hedge);
        bench.Bench.Owner.HasEnded(read.Bio).ShouldBeTrue();
        read.ShouldBe(OfB);
        bench.Hedges.Won.ShouldBe(1);
        bench.A.CompleteAll();
        bench.ShouldBeAtRest();
    }

    [Fact]
    public void A_read_that_is_answered_in_time_is_sent_once()
    {
        var bench = new HedgeBench();
        bench.Hold();
        HeldRead read = bench.Read();
        bench.Bench.Loop.RunFor(HedgeBench.UsualNs);
        bench.A.CompleteAll();
        bench.Bench.Loop.RunFor(HedgeBench.UsualNs);
        bench.Hedges.Sent.ShouldBe(0);
        read.ShouldBe(OfA);
        bench.ShouldBeAtRest();
    }

    [Fact]
    public void A_late_answer_does_not_touch_the_memory_of_the_read()
    {
        var bench = new HedgeBench();
        HeldRead read = bench.ReadTwice();
        bench.B.Complete(read.Hedge);
        // It is the client's again, who has something else in it now.
        Array.Fill(read.Data, (byte)0x77);
        bench.A.Complete(read.First);
        read.ShouldBe(0x77);
        bench.Bench.Owner.Ended.Count(bio => bio == read.Bio).ShouldBe(1);
        bench.ShouldBeAtRest();
    }

    [Fact]
    public void The_tag_of_a_read_serves_others_before_its_late_answer_has_come()
    {
        var bench = new HedgeBench(options: new QueueOptions { Depth = 1 });
        HeldRead read = bench.ReadTwice();
        bench.B.Complete(read.Hedge);
        // The same tag of the map, over and over, with the late one still out.
        for (int i = 0; i < 4; i++)
        {
            HeldRead next = bench.Read(HedgeBench.Block);
            TestDevice path = bench.B.InFlight.Count > 0 ? bench.B : bench.A;
            path.Complete(path.InFlight[^1]);
            next.ShouldBe(path == bench.B ? OfB : OfA);
        }
        read.ShouldBe(OfB);
        bench.A.InFlight.ShouldHaveSingleItem().ShouldBe(read.First);
        bench.A.Complete(read.First);
        bench.ShouldBeAtRest();
    }

    [Fact]
    public void A_hedge_that_comes_second_is_dropped()
    {
        var bench = new HedgeBench();
        HeldRead read = bench.ReadTwice();
        bench.A.Complete(read.First);
        read.ShouldBe(OfA);
        bench.Map.InFlight.ShouldBe(1, "the late answer");
        bench.B.Complete(read.Hedge);
        read.ShouldBe(OfA);
        bench.Hedges.Won.ShouldBe(0);
        bench.ShouldBeAtRest();
    }

    [Fact]
    public void A_first_path_that_fails_leaves_the_read_to_its_hedge()
    {
        var bench = new HedgeBench();
        HeldRead read = bench.ReadTwice();
        bench.A.Complete(read.First, BlockStatus.Transport, 512);
        bench.Bench.Changes.ShouldBe(["-a 1"]);
        bench.Bench.Owner.HasEnded(read.Bio).ShouldBeFalse();
        bench.Map.Statistics.Requeues.ShouldBe(0);
        bench.B.Complete(read.Hedge);
        read.ShouldBe(OfB);
        bench.ShouldBeAtRest();
    }

    [Fact]
    public void A_hedge_that_fails_disappears_and_its_path_fails()
    {
        var bench = new HedgeBench();
        HeldRead read = bench.ReadTwice();
        bench.B.Complete(read.Hedge, BlockStatus.Timeout, 1024);
        bench.Bench.Changes.ShouldBe(["-b 1"]);
        bench.Bench.Owner.HasEnded(read.Bio).ShouldBeFalse();
        bench.A.Complete(read.First);
        read.ShouldBe(OfA);
        bench.ShouldBeAtRest();
    }

    [Fact]
    public void A_hedge_makes_no_read_fail()
    {
        var bench = new HedgeBench();
        HeldRead read = bench.ReadTwice();
        bench.B.Complete(read.Hedge, BlockStatus.Medium);
        bench.Bench.Owner.HasEnded(read.Bio).ShouldBeFalse();
        bench.A.Complete(read.First);
        read.ShouldBe(OfA);
        bench.ShouldBeAtRest();
    }

    [Fact]
    public void An_error_of_the_storage_on_the_first_path_is_an_answer()
    {
        var bench = new HedgeBench();
        HeldRead read = bench.ReadTwice();
        bench.A.Complete(read.First, BlockStatus.Medium);
        bench.Bench.Owner.StatusOf(read.Bio).ShouldBe(BlockStatus.Medium);
        bench.B.Complete(read.Hedge);
        bench.Bench.Changes.ShouldBeEmpty();
        bench.ShouldBeAtRest();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void When_both_fail_the_read_fails_once(bool firstFailsFirst)
    {
        var bench = new HedgeBench();
        HeldRead read = bench.ReadTwice();
        if (firstFailsFirst) bench.A.Complete(read.First, BlockStatus.Transport);
        bench.B.Complete(read.Hedge, BlockStatus.Transport);
        if (!firstFailsFirst) bench.A.Complete(read.First, BlockStatus.Transport);
        bench.Bench.Loop.Settle();
        bench.Bench.Owner.StatusOf(read.Bio).ShouldBe(BlockStatus.Transport);
        bench.Map.Multipath().ValidPaths.ShouldBe(0);
        bench.ShouldBeAtRest();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void When_both_fail_and_I_O_is_queued_the_read_waits_for_a_path(bool firstFailsFirst)
    {
        var bench = new HedgeBench("1 queue_if_no_path");
        HeldRead read = bench.ReadTwice();
        if (firstFailsFirst) bench.A.Complete(read.First, BlockStatus.Transport);
        bench.B.Complete(read.Hedge, BlockStatus.Transport);
        if (!firstFailsFirst) bench.A.Complete(read.First, BlockStatus.Transport);
        bench.Bench.Loop.Settle();
        bench.Bench.Owner.HasEnded(read.Bio).ShouldBeFalse();
        bench.Map.Message("reinstate_path b");
        bench.Bench.Loop.Settle();
        bench.B.CompleteFirst();
        read.ShouldBe(OfB);
        bench.ShouldBeAtRest();
    }

    [Fact]
    public void A_late_answer_that_is_a_path_error_still_fails_its_path()
    {
        var bench = new HedgeBench();
        HeldRead read = bench.ReadTwice();
        bench.B.Complete(read.Hedge);
        bench.A.Complete(read.First, BlockStatus.Timeout);
        bench.Bench.Changes.ShouldBe(["-a 1"]);
        read.ShouldBe(OfB);
        bench.ShouldBeAtRest();
    }

    [Fact]
    public void A_merged_read_gets_each_part_of_the_answer_where_it_belongs()
    {
        var bench = new HedgeBench();
        bench.Hold();
        for (int i = 0; i < bench.B.Store!.Length; i++) bench.B.Store[i] = (byte)(i / 512);
        var bios = new List<HeldRead>();
        // In one turn, so that they merge.
        unsafe
        {
            for (int i = 0; i < 3; i++)
            {
                byte[] data = PinnedData.Make(1024);
                Bio bio = bench.Bench.Owner.Read(i * 1024, 1024);
                bio.Data = PinnedData.At(data);
                bench.Map.Submit(bio);
                bios.Add(new HeldRead(bio, data));
            }
        }
        bench.Bench.Loop.Settle();
        bench.A.InFlight.ShouldHaveSingleItem().Length.ShouldBe(3072);
        bench.Bench.Loop.RunFor(HedgeBench.DueNs);
        bench.B.CompleteFirst();
        for (int i = 0; i < 3; i++)
            bios[i].Data.ShouldBe([.. bench.B.Store.AsSpan(i * 1024, 1024)]);
        bench.A.CompleteAll();
        bench.ShouldBeAtRest();
    }

    [Fact]
    public void What_is_kept_of_private_caches_is_in_the_winner_too()
    {
        var bench = new HedgeBench(
            options: new QueueOptions { WriteCache = WriteCache.Private },
            limits: new QueueLimits { WriteCache = true });
        byte[] written = PinnedData.Random(512);
        // The write goes to a, the next read to b.
        Bio write = bench.Bench.Owner.Write(1024, written.Length);
        unsafe
        {
            write.Data = PinnedData.At(written);
        }
        bench.Map.Submit(write);
        bench.Bench.Loop.RunFor(HedgeBench.UsualNs);
        bench.Bench.Owner.StatusOf(write).ShouldBe(BlockStatus.Ok);
        Array.Fill(bench.A.Store!, OfA);
        bench.Hold();
        HeldRead read = bench.Read();
        bench.Bench.Loop.RunFor(HedgeBench.DueNs);
        bench.Hedges.Sent.ShouldBe(1);
        bench.A.CompleteFirst();
        // The server of a has lost its cache, and nobody knows it yet.
        read.Data[1024..1536].ShouldBe(written);
        read.Data.AsSpan(0, 1024).IndexOfAnyExcept(OfA).ShouldBe(-1);
        bench.B.CompleteAll();
        bench.ShouldBeAtRest();
    }

    [Fact]
    public void Selectors_count_a_late_answer_until_it_has_come()
    {
        var bench = new HedgeBench(groups: "1 1 queue-length 0 2 1 a 1 b 1", learns: false);
        for (int i = 0; i < 128; i++)
        {
            bench.Read();
            bench.Bench.Loop.RunFor(HedgeBench.UsualNs);
        }
        HeldRead read = bench.ReadTwice();
        InFlight(bench).ShouldBe("a A 0 1 b A 0 1 ");
        bench.B.Complete(read.Hedge);
        InFlight(bench).ShouldBe("a A 0 1 b A 0 0 ");
        bench.A.Complete(read.First);
        InFlight(bench).ShouldBe("a A 0 0 b A 0 0 ");
        bench.ShouldBeAtRest();
    }

    private static string InFlight(HedgeBench bench)
    {
        var text = new System.Text.StringBuilder();
        bench.Map.Multipath().AppendStatus(text);
        return text.ToString()[text.ToString().IndexOf("a A", StringComparison.Ordinal)..];
    }
}
