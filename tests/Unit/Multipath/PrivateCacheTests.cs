// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Multipath;

/// <summary>Paths with write caches of their own: what each is sent, and when.</summary>
public sealed class PrivateCacheTests
{
    private static readonly QueueLimits NoFua = new() { WriteCache = true };
    private static readonly QueueLimits Fua = new()
    {
        WriteCache = true,
        Fua = true,
        MaxDiscardBytes = 1 << 20,
        MaxWriteZeroesBytes = 1 << 20,
    };

    private readonly Bench _bench = new();
    private readonly byte[] _data = PinnedData.Make(4096);

    [Fact]
    public void A_flush_goes_to_every_path_that_was_written_and_to_no_other()
    {
        (TestDevice a, TestDevice b, MappedDevice map) = Make(Fua, "queue_if_no_path");
        TestDevice c = _bench.Add("c", limits: Fua);
        _bench.Swap(map, "0 2048 multipath 0 0 1 1 round-robin 0 3 0 a b c");
        Write(map, 0);
        Write(map, 8192);
        Flush(map).ShouldBe(BlockStatus.Ok);
        Operations(a).ShouldBe("Write Flush");
        Operations(b).ShouldBe("Write Flush");
        Operations(c).ShouldBe("");
        Flush(map).ShouldBe(BlockStatus.Ok);
        Operations(a).ShouldBe("Write Flush");
    }

    [Fact]
    public void Where_the_bound_would_be_passed_a_write_goes_out_with_FUA()
    {
        (TestDevice a, TestDevice b, MappedDevice map) = Make(Fua, keptBytes: 4096);
        Write(map, 0);
        Write(map, 8192);
        a.Sent[0].Flags.ShouldBe(BioFlags.None);
        b.Sent[0].Flags.ShouldBe(BioFlags.Fua);
        Flush(map).ShouldBe(BlockStatus.Ok);
        Operations(b).ShouldBe("Write");
    }

    [Theory]
    [InlineData(BlockOperation.Discard)]
    [InlineData(BlockOperation.WriteZeroes)]
    public void What_has_no_bytes_goes_out_with_FUA_and_drops_what_was_kept(
        BlockOperation operation)
    {
        (TestDevice a, TestDevice b, MappedDevice map) = Make(Fua);
        Write(map, 0);
        map.Give(_bench.Owner.Make(operation, 0, 4096));
        _bench.Loop.Settle();
        b.Sent[0].Flags.ShouldBe(BioFlags.Fua);
        Flush(map).ShouldBe(BlockStatus.Ok);
        Operations(a).ShouldBe("Write");
    }

    [Fact]
    public void Without_FUA_it_is_flushed_before_it_is_acknowledged()
    {
        (TestDevice a, _, MappedDevice map) = Make(NoFua, keptBytes: 1);
        a.DelayNs = null;
        Bio bio = Write(map, 0);
        a.Complete(a.InFlight[0]);
        _bench.Loop.Settle();
        _bench.Owner.HasEnded(bio).ShouldBeFalse();
        Operations(a).ShouldBe("Write Flush");
        a.Complete(a.InFlight[0]);
        _bench.Loop.Settle();
        _bench.Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
    }

    [Fact]
    public void When_that_flush_fails_it_is_written_again_on_the_other_path()
    {
        (TestDevice a, TestDevice b, MappedDevice map) = Make(NoFua, keptBytes: 1);
        a.Outcome = request => request.Operation == BlockOperation.Flush
            ? BlockStatus.IoError
            : BlockStatus.Ok;
        Bio bio = Write(map, 0);
        _bench.Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        Operations(a).ShouldBe("Write Flush");
        Operations(b).ShouldBe("Write Flush");
        _bench.Changes.ShouldBe(["-a 1"]);
    }

    /// <summary>
    /// The copy may land in the cache that was given up, and drive the other out of its own.
    /// </summary>
    [Fact]
    public void A_retry_whose_first_copy_may_come_late_is_written_again_before_a_flush_ends()
    {
        (TestDevice a, TestDevice b, MappedDevice map) = Make(Fua);
        a.DelayNs = null;
        Bio bio = Write(map, 0);
        var stale = new StaleWrite();
        a.InFlight[0].Stale = stale;
        a.Complete(a.InFlight[0], BlockStatus.Transport);
        _bench.Loop.Settle();
        _bench.Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        Bio flush = map.Give(_bench.Owner.Flush());
        _bench.Loop.Settle();
        _bench.Owner.HasEnded(flush).ShouldBeFalse();
        Operations(b).ShouldBe("Write");
        stale.End();
        _bench.Loop.Settle();
        _bench.Owner.StatusOf(flush).ShouldBe(BlockStatus.Ok);
        Operations(b).ShouldBe("Write Write Flush");
    }

    [Fact]
    public void A_flush_that_cannot_cover_what_was_lost_fails_and_the_next_may_do_it()
    {
        (TestDevice a, TestDevice b, MappedDevice map) = Make(Fua);
        Write(map, 0);
        map.Message("fail_path a");
        map.Message("fail_path b");
        _bench.Loop.Settle();
        Flush(map).ShouldBe(BlockStatus.IoError);
        map.Message("reinstate_path b");
        Flush(map).ShouldBe(BlockStatus.Ok);
        Operations(a).ShouldBe("Write");
        Operations(b).ShouldEndWith("Write Flush");
    }

    [Fact]
    public void Two_writes_to_the_same_bytes_are_not_in_flight_together()
    {
        (TestDevice a, TestDevice b, MappedDevice map) = Make(Fua);
        a.DelayNs = null;
        Write(map, 0);
        Bio second = Write(map, 0);
        Operations(b).ShouldBe("");
        map.Held().ShouldHaveSingleItem().Reason.ShouldBe(HoldReason.Overlap);
        a.Complete(a.InFlight[0]);
        _bench.Loop.Settle();
        _bench.Owner.StatusOf(second).ShouldBe(BlockStatus.Ok);
    }

    /// <summary>The map's queue would take the word Resource for its own, and wait.</summary>
    [Fact]
    public void A_flush_fails_where_the_last_path_has_no_memory_to_write_again()
    {
        (TestDevice a, TestDevice b, MappedDevice map) = Make(Fua);
        Write(map, 0);
        b.Outcome = _ => BlockStatus.Resource;
        map.Message("fail_path a");
        _bench.Loop.Settle();
        _bench.Changes.ShouldBe(["-a 1", "-b 0"]);
        map.Message("reinstate_path b");
        b.DelayNs = null;
        Bio flush = map.Give(_bench.Owner.Flush());
        _bench.Loop.Settle();
        b.Complete(b.InFlight[0], BlockStatus.Resource);
        _bench.Loop.RunFor(1_000_000_000);
        _bench.Owner.StatusOf(flush).ShouldBe(BlockStatus.IoError);
        map.InFlight.ShouldBe(0);
        Operations(a).ShouldBe("Write");
    }

    [Fact]
    public unsafe void Nothing_is_said_of_what_is_allocated_where_writes_are_kept()
    {
        QueueLimits limits = Fua with { Extents = true };
        (TestDevice a, TestDevice b, MappedDevice map) = Make(limits);
        Write(map, 0);
        byte[] memory = PinnedData.Make(4096);
        int Query(long offset)
        {
            Bio query = _bench.Owner.Make(BlockOperation.Extents, offset, 4096);
            query.Data = PinnedData.At(memory);
            query.ExtentCount = 1;
            map.Submit(query);
            _bench.Loop.Settle();
            _bench.Owner.StatusOf(query).ShouldBe(BlockStatus.Ok);
            return query.ExtentCount;
        }

        (Query(0), Query(4096)).ShouldBe((0, 1));
        Flush(map);
        Query(0).ShouldBe(1);
        (a.Sent.Count + b.Sent.Count).ShouldBe(5);
    }

    [Fact]
    public void A_read_that_passed_what_is_written_again_is_read_again()
    {
        (TestDevice a, TestDevice b, MappedDevice map) = Make(Fua);
        Write(map, 0);
        b.DelayNs = null;
        map.Message("fail_path a");
        Bio read = Read(map);
        // The read is answered after what it has missed was written again, and flushed.
        Operations(b).ShouldBe("Write Read");
        b.Complete(b.InFlight[0]);
        Bio flush = map.Give(_bench.Owner.Flush());
        _bench.Loop.Settle();
        b.Complete(b.InFlight[1]);
        _bench.Loop.Settle();
        _bench.Owner.StatusOf(flush).ShouldBe(BlockStatus.Ok);
        b.Complete(b.InFlight[0]);
        _bench.Loop.Settle();
        _bench.Owner.HasEnded(read).ShouldBeFalse();
        Operations(b).ShouldBe("Write Read Flush Read");
        b.Complete(b.InFlight[0]);
        _bench.Loop.Settle();
        _bench.Owner.StatusOf(read).ShouldBe(BlockStatus.Ok);
        Operations(a).ShouldBe("Write");
    }

    private (TestDevice A, TestDevice B, MappedDevice Map) Make(
        QueueLimits limits, string feature = "", long keptBytes = 1 << 20)
    {
        TestDevice a = _bench.Add("a", limits: limits);
        TestDevice b = _bench.Add("b", limits: limits);
        string features = feature.Length > 0 ? $"1 {feature}" : "0";
        MappedDevice map = _bench.Map(
            $"0 2048 multipath {features} 0 1 1 round-robin 0 2 0 a b",
            new QueueOptions { WriteCache = WriteCache.Private, KeptBytes = keptBytes });
        return (a, b, map);
    }

    private unsafe Bio Write(MappedDevice map, long offset)
    {
        Bio bio = _bench.Owner.Write(offset, 4096);
        bio.Data = PinnedData.At(_data);
        map.Submit(bio);
        _bench.Loop.Settle();
        return bio;
    }

    private unsafe Bio Read(MappedDevice map)
    {
        Bio bio = _bench.Owner.Make(BlockOperation.Read, 0, 4096);
        bio.Data = PinnedData.At(_data);
        map.Submit(bio);
        _bench.Loop.Settle();
        return bio;
    }

    private BlockStatus Flush(MappedDevice map)
    {
        Bio flush = map.Give(_bench.Owner.Flush());
        _bench.Loop.Settle();
        return _bench.Owner.StatusOf(flush);
    }

    private static string Operations(TestDevice device) =>
        string.Join(' ', device.Sent.Select(sent => sent.Operation));
}
