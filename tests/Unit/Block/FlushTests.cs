// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Block;

/// <summary>Flushes, and writes that need flushes around them.</summary>
public sealed class FlushTests
{
    private static readonly QueueLimits Cache = new() { WriteCache = true };
    private static readonly QueueLimits CacheWithFua = new() { WriteCache = true, Fua = true };

    private readonly Bench _bench = new();

    private TestOwner Owner => _bench.Owner;

    [Fact]
    public void A_flush_of_a_device_without_a_cache_ends_at_once()
    {
        TestDevice device = _bench.Add("a");
        Bio flush = device.Give(Owner.Flush());
        Owner.StatusOf(flush).ShouldBe(BlockStatus.Ok);
        _bench.Loop.Settle();
        device.Sent.ShouldBeEmpty();
    }

    [Fact]
    public void Flags_of_a_write_are_dropped_without_a_cache()
    {
        TestDevice device = _bench.Add("a");
        device.Give(Owner.Write(0, 4096, BioFlags.Fua | BioFlags.Preflush));
        _bench.Loop.Settle();
        device.Sent.Single().Flags.ShouldBe(BioFlags.None);
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public void A_flush_goes_to_a_device_with_a_cache()
    {
        TestDevice device = Manual(Cache);
        Bio flush = device.Give(Owner.Flush());
        _bench.Loop.Settle();
        device.InFlight.Single().Operation.ShouldBe(BlockOperation.Flush);
        Owner.HasEnded(flush).ShouldBeFalse();
        device.CompleteFirst();
        Owner.StatusOf(flush).ShouldBe(BlockStatus.Ok);
        device.Statistics.Flushes.ShouldBe(1);
    }

    [Fact]
    public void A_preflush_precedes_its_data()
    {
        TestDevice device = Manual(CacheWithFua);
        device.Give(Owner.Write(0, 4096, BioFlags.Preflush));
        Step(device).ShouldBe((BlockOperation.Flush, BioFlags.None));
        Step(device).ShouldBe((BlockOperation.Write, BioFlags.None));
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public void A_forced_write_is_one_request_where_the_device_can_do_it()
    {
        TestDevice device = Manual(CacheWithFua);
        device.Give(Owner.Write(0, 4096, BioFlags.Fua));
        Step(device).ShouldBe((BlockOperation.Write, BioFlags.Fua));
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public void A_forced_write_is_followed_by_a_flush_where_the_device_cannot_do_it()
    {
        TestDevice device = Manual(Cache);
        device.Give(Owner.Write(0, 4096, BioFlags.Fua));
        Step(device).ShouldBe((BlockOperation.Write, BioFlags.None));
        Owner.Open.ShouldBe(1);
        Step(device).ShouldBe((BlockOperation.Flush, BioFlags.None));
        Owner.ShouldAllHaveEnded();
        device.InFlight.ShouldBeEmpty();
    }

    [Fact]
    public void A_write_with_both_flags_has_flushes_around_it()
    {
        TestDevice device = Manual(Cache);
        device.Give(Owner.Write(4096, 4096, BioFlags.Fua | BioFlags.Preflush));
        Step(device).Operation.ShouldBe(BlockOperation.Flush);
        Step(device).ShouldBe((BlockOperation.Write, BioFlags.None));
        device.Sent[^1].Offset.ShouldBe(4096);
        Owner.Open.ShouldBe(1);
        Step(device).Operation.ShouldBe(BlockOperation.Flush);
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public void With_fua_a_preflushed_forced_write_is_two_steps()
    {
        TestDevice device = Manual(CacheWithFua);
        device.Give(Owner.Write(0, 4096, BioFlags.Fua | BioFlags.Preflush));
        Step(device).Operation.ShouldBe(BlockOperation.Flush);
        Step(device).ShouldBe((BlockOperation.Write, BioFlags.Fua));
        Owner.ShouldAllHaveEnded();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void An_error_in_any_step_ends_the_write_with_it(int failing)
    {
        TestDevice device = Manual(Cache);
        Bio bio = device.Give(Owner.Write(0, 4096, BioFlags.Fua | BioFlags.Preflush));
        for (int step = 0; step < failing; step++) Step(device);
        _bench.Loop.Settle();
        device.CompleteFirst(BlockStatus.Medium);
        _bench.Loop.Settle();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Medium);
        device.InFlight.ShouldBeEmpty();
        device.Sent.Count.ShouldBe(failing + 1);
    }

    [Fact]
    public void Flushes_of_one_turn_are_one_request()
    {
        TestDevice device = Manual(Cache);
        for (int i = 0; i < 5; i++) device.Give(Owner.Flush());
        _bench.Loop.Settle();
        device.Sent.Single().Bios.ShouldBe(5);
        device.CompleteFirst(BlockStatus.Medium);
        Owner.ShouldAllHaveEnded(BlockStatus.Medium);
    }

    [Fact]
    public void A_flush_does_not_join_one_that_has_left()
    {
        TestDevice device = Manual(Cache);
        Bio first = device.Give(Owner.Flush());
        _bench.Loop.Settle();
        Bio second = device.Give(Owner.Flush());
        _bench.Loop.Settle();
        device.InFlight.Count.ShouldBe(2);
        device.CompleteFirst();
        Owner.HasEnded(first).ShouldBeTrue();
        Owner.HasEnded(second).ShouldBeFalse();
    }

    [Fact]
    public void More_flushes_than_segments_join_and_pass_as_a_clone()
    {
        _bench.Add("a", limits: Cache);
        var map = _bench.Map("0 2048 multipath 0 0 1 1 round-robin 0 1 1 a 1");
        for (int i = 0; i < 1000; i++) map.Give(Owner.Flush());
        _bench.Loop.Settle();
        Owner.ShouldAllHaveEnded();
        _bench.Changes.ShouldBeEmpty();
    }

    [Fact]
    public void A_long_forced_write_is_flushed_once_when_all_parts_are_done()
    {
        TestDevice device = Manual(Cache with { MaxBytes = 8192 });
        device.Give(Owner.Write(0, 32768, BioFlags.Fua));
        _bench.Loop.Settle();
        device.InFlight.Count.ShouldBe(4);
        for (int i = 0; i < 3; i++) device.CompleteFirst();
        _bench.Loop.Settle();
        device.Sent.Count.ShouldBe(4);
        device.CompleteFirst();
        Step(device).Operation.ShouldBe(BlockOperation.Flush);
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public void A_discard_can_be_forced_too()
    {
        TestDevice device = Manual(Cache with { MaxDiscardBytes = 1 << 20 });
        device.Give(Owner.Make(BlockOperation.Discard, 0, 4096, BioFlags.Fua));
        Step(device).ShouldBe((BlockOperation.Discard, BioFlags.None));
        Step(device).Operation.ShouldBe(BlockOperation.Flush);
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public void Forced_writes_at_the_same_time_each_have_their_own_sequence()
    {
        TestDevice device = _bench.Add("a", new QueueOptions { Depth = 3 }, Cache);
        for (int i = 0; i < 50; i++)
            device.Give(Owner.Write(i * 65536, 4096, BioFlags.Fua | BioFlags.Preflush));
        _bench.Loop.Settle();
        Owner.ShouldAllHaveEnded();
        device.Sent.Count(sent => sent.Operation == BlockOperation.Write).ShouldBe(50);
        device.Queue.Tags.InUse.ShouldBe(0);
    }

    /// <summary>
    /// What a flush is for: when a write has ended and a later flush has too, the write went to the
    /// device and was completed before that flush was sent.
    /// </summary>
    [Fact]
    public void A_flush_is_sent_after_the_end_of_every_write_that_it_covers()
    {
        var random = new LoopRandom(17);
        TestDevice device = _bench.Add("a", new QueueOptions { Depth = 4 }, Cache);
        device.DelayNs = null;
        var done = new HashSet<Bio>();
        var coveredBy = new Dictionary<Bio, int>();
        Owner.Then = bio =>
        {
            if (bio.Operation == BlockOperation.Write) done.Add(bio);
            else done.Count.ShouldBeGreaterThanOrEqualTo(coveredBy[bio]);
        };
        for (int step = 0; step < 2000; step++)
        {
            if (random.Chance(300))
            {
                Bio flush = Owner.Flush();
                coveredBy[flush] = done.Count;
                int sentBefore = device.Sent.Count;
                device.Give(flush);
                device.Sent.Count.ShouldBe(sentBefore);
            }
            else if (random.Chance(500))
            {
                device.Give(Owner.Write(random.Next(4000) * 4096, 4096));
            }
            else if (device.InFlight.Count > 0)
            {
                device.Complete(device.InFlight[(int)random.Next(device.InFlight.Count)]);
            }
            if (random.Chance(400)) _bench.Loop.Settle();
        }
        device.DelayNs = 0;
        device.CompleteAll();
        _bench.Loop.Settle();
        device.CompleteAll();
        _bench.Loop.Settle();
        Owner.ShouldAllHaveEnded();
    }

    private TestDevice Manual(QueueLimits limits)
    {
        TestDevice device = _bench.Add("a", limits: limits);
        device.DelayNs = null;
        return device;
    }

    /// <summary>Lets the one request in flight succeed.</summary>
    private (BlockOperation Operation, BioFlags Flags) Step(TestDevice device)
    {
        _bench.Loop.Settle();
        Request request = device.InFlight.Single();
        (BlockOperation, BioFlags) seen = (request.Operation, request.Flags);
        device.Complete(request);
        return seen;
    }
}
