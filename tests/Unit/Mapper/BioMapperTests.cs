// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Mapper;

/// <summary>The bio-based core: every verdict, and bios that touch several targets.</summary>
public sealed class BioMapperTests
{
    private const long Each = 1 << 20;

    private readonly Bench _bench = new();
    private readonly TestDevice _a;
    private readonly TestDevice _b;
    private readonly TestBioTarget _first;
    private readonly TestBioTarget _second;
    private readonly MappedDevice _map;

    public BioMapperTests()
    {
        var limits = new QueueLimits
        {
            WriteCache = true, Extents = true, MaxDiscardBytes = 1 << 20,
            MaxWriteZeroesBytes = 1 << 20,
        };
        _a = _bench.Add("a", limits: limits);
        _b = _bench.Add("b", limits: limits);
        _first = new TestBioTarget(_a);
        _second = new TestBioTarget(_b) { Shift = -Each };
        _map = _bench.Map(new QueueOptions(), _first, _second);
    }

    private TestOwner Owner => _bench.Owner;

    [Fact]
    public void A_bio_goes_to_the_target_of_its_offset()
    {
        _bench.Write(_map, 4096);
        _bench.Write(_map, Each + 8192);
        _a.Ranges.ShouldBe([(4096, 4096)]);
        _b.Ranges.ShouldBe([(8192, 4096)]);
        _first.Mapped.Single().Offset.ShouldBe(4096);
        _second.Mapped.Single().Offset.ShouldBe(Each + 8192);
        Owner.ShouldAllHaveEnded();
        _map.Queue.ShouldBeNull();
    }

    [Fact]
    public unsafe void A_bio_is_cut_where_one_target_ends()
    {
        _a.DelayNs = _b.DelayNs = null;
        Bio bio = Owner.Write(Each - 4096, 12288);
        bio.Data = (byte*)0x10000;
        _map.Submit(bio);
        _bench.Loop.Settle();
        _a.Ranges.ShouldBe([(Each - 4096, 4096)]);
        _b.Ranges.ShouldBe([(0, 8192)]);
        ((long)_a.InFlight[0].FirstBio!.Data).ShouldBe(0x10000);
        ((long)_b.InFlight[0].FirstBio!.Data).ShouldBe(0x10000 + 4096);
        _b.CompleteFirst();
        Owner.HasEnded(bio).ShouldBeFalse();
        _map.InFlight.ShouldBe(1);
        _a.CompleteFirst();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        _map.InFlight.ShouldBe(0);
        (_map.Statistics.Writes, _map.Statistics.WriteBytes).ShouldBe((2, 12288));
    }

    [Fact]
    public void The_first_error_of_a_part_is_the_error_of_the_whole()
    {
        _a.DelayNs = _b.DelayNs = null;
        Bio bio = _bench.Write(_map, Each - 4096, 8192);
        _b.CompleteFirst(BlockStatus.Medium);
        _a.CompleteFirst(BlockStatus.NoSpace);
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Medium);
    }

    [Fact]
    public void A_flush_goes_to_every_target()
    {
        Bio flush = _map.Give(Owner.Flush());
        _bench.Loop.Settle();
        Owner.StatusOf(flush).ShouldBe(BlockStatus.Ok);
        _a.Sent.Single().Operation.ShouldBe(BlockOperation.Flush);
        _b.Sent.Single().Operation.ShouldBe(BlockOperation.Flush);
        _map.Statistics.Flushes.ShouldBe(1);
    }

    [Fact]
    public void Flags_and_operation_reach_the_parts()
    {
        _map.Give(Owner.Write(Each - 4096, 8192, BioFlags.Fua));
        _map.Give(Owner.Make(BlockOperation.WriteZeroes, Each - 4096, 8192, BioFlags.NoUnmap));
        _bench.Loop.Settle();
        _a.Sent.Select(sent => sent.Operation).ShouldBe(
            [BlockOperation.Write, BlockOperation.WriteZeroes, BlockOperation.Flush],
            ignoreOrder: true);
        _b.Sent.Single(sent => sent.Operation == BlockOperation.WriteZeroes).Flags
            .ShouldBe(BioFlags.NoUnmap);
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public void A_question_for_extents_is_answered_for_its_first_target()
    {
        // The answer may be shorter than what was asked; there is one memory for it.
        _map.Give(Owner.Make(BlockOperation.Extents, Each - 4096, 8192));
        _bench.Loop.Settle();
        _a.Ranges.ShouldBe([(Each - 4096, 4096)]);
        _b.Sent.ShouldBeEmpty();
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public void A_killed_bio_is_an_I_O_error_and_the_target_hears_of_no_end()
    {
        _first.OnMap = () => MapResult.Kill;
        Owner.StatusOf(_bench.Write(_map)).ShouldBe(BlockStatus.IoError);
        _first.Ends.ShouldBeEmpty();
        Owner.StatusOf(_bench.Write(_map, Each - 4096, 8192)).ShouldBe(BlockStatus.IoError);
    }

    [Fact]
    public void A_submitted_bio_is_the_targets_until_it_is_mapped_again()
    {
        _first.OnMap = () => MapResult.Submitted;
        Bio bio = _bench.Write(_map, 4096);
        Owner.HasEnded(bio).ShouldBeFalse();
        _first.OnMap = () => MapResult.Remapped;
        _first.Shift = 512;
        _map.Remap(_first.Mapped[0].Bio);
        _bench.Loop.Settle();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        _first.Mapped.Select(mapped => mapped.Offset).ShouldBe([4096, 4096]);
        _a.Ranges.ShouldBe([(4096 + 512, 4096)]);
    }

    [Fact]
    public void An_incomplete_bio_is_the_targets_again()
    {
        _a.Outcome = _ => BlockStatus.Transport;
        _first.OnEnd = status =>
            status == BlockStatus.Ok ? EndIoResult.Done : EndIoResult.Incomplete;
        Bio bio = _bench.Write(_map);
        Owner.HasEnded(bio).ShouldBeFalse();
        _a.Outcome = _ => BlockStatus.Ok;
        _map.Remap(_first.Mapped[0].Bio);
        _bench.Loop.Settle();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        _first.Ends.ShouldBe([BlockStatus.Transport, BlockStatus.Ok]);
    }

    [Fact]
    public void A_bio_that_is_requeued_fails_unless_a_suspend_keeps_it()
    {
        _first.OnMap = () => MapResult.Requeue;
        Owner.StatusOf(_bench.Write(_map)).ShouldBe(BlockStatus.IoError);
        _first.OnMap = () => MapResult.Remapped;
        _first.OnEnd = _ => EndIoResult.Requeue;
        Owner.StatusOf(_bench.Write(_map)).ShouldBe(BlockStatus.IoError);
        _map.InFlight.ShouldBe(0);
    }

    [Fact]
    public void A_bio_that_was_kept_once_is_done_once()
    {
        _first.OnEnd = status =>
            status == BlockStatus.Ok ? EndIoResult.Done : EndIoResult.Requeue;
        _a.DelayNs = null;
        Bio kept = _bench.Write(_map);
        Transition suspend = _map.Suspend(noFlush: true);
        _a.CompleteFirst(BlockStatus.Transport);
        suspend.ShouldBeDone();
        Owner.HasEnded(kept).ShouldBeFalse();
        _map.Resume().ShouldBeDone();
        _a.CompleteFirst();
        Owner.StatusOf(kept).ShouldBe(BlockStatus.Ok);

        // What is remembered of it belongs to another bio now.
        Bio next = _bench.Write(_map);
        suspend = _map.Suspend(noFlush: true);
        _a.CompleteFirst();
        suspend.ShouldBeDone();
        Owner.StatusOf(next).ShouldBe(BlockStatus.Ok);
        _map.Resume().ShouldBeDone();
        _a.Sent.Count.ShouldBe(3);
    }

    [Fact]
    public void A_bio_cannot_be_requeued_with_a_delay_on_the_way_down()
    {
        _first.OnMap = () => MapResult.DelayRequeue;
        Should.Throw<InvariantException>(() => _map.Submit(Owner.Write(0, 4096)));
    }

    [Fact]
    public void A_bio_cannot_be_requeued_with_a_delay_on_the_way_up()
    {
        _first.OnEnd = _ => EndIoResult.DelayRequeue;
        _map.Submit(Owner.Write(0, 4096));
        Should.Throw<InvariantException>(_bench.Loop.Settle);
    }

    [Fact]
    public void What_the_device_below_refuses_goes_through_end_io()
    {
        _second.Shift = TestDevice.DefaultBytes;
        Owner.StatusOf(_bench.Write(_map, Each)).ShouldBe(BlockStatus.IoError);
        _second.Ends.ShouldBe([BlockStatus.IoError]);
    }

    [Fact]
    public void A_bio_of_the_owner_can_be_used_again_at_its_end()
    {
        int ends = 0;
        var owner = new Reuser(bio =>
        {
            if (++ends == 20) return;
            bio.Offset = Each - 4096;
            _map.Submit(bio);
        });
        var bio = new Bio(owner) { Operation = BlockOperation.Write, Length = 8192 };
        _map.Submit(bio);
        _bench.Loop.Settle();
        ends.ShouldBe(20);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(20_000)]
    public void Writes_that_the_shield_held_may_end_as_soon_as_they_are_mapped(int writes)
    {
        var stale = new StaleWrite();
        _map.Shield!.Add(null, 0, 0, 4096, stale);
        // The shield stays up, and each end has what it holds looked at.
        _map.Shield.Add(null, 0, Each, 4096, new StaleWrite());
        Bio[] held = [.. Enumerable.Range(0, writes).Select(_ => _bench.Write(_map))];
        held.ShouldAllBe(bio => !Owner.HasEnded(bio));
        // The device below refuses it at once.
        _first.Shift = TestDevice.DefaultBytes;
        stale.End();
        held.ShouldAllBe(bio => Owner.StatusOf(bio) == BlockStatus.IoError);
        _map.InFlight.ShouldBe(0);
    }

    private sealed class Reuser(Action<Bio> end) : IBioOwner
    {
        public void EndBio(Bio bio) => end(bio);
    }
}
