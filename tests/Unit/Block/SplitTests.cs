// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Block;

/// <summary>Bios that are longer than one request may be.</summary>
public sealed class SplitTests
{
    private const int Kib = 1024;

    private readonly Bench _bench = new();

    private TestOwner Owner => _bench.Owner;

    [Fact]
    public void A_long_bio_is_cut_into_requests_of_the_longest_kind_and_ends_once()
    {
        TestDevice device = _bench.Add("a", limits: new QueueLimits { MaxBytes = 64 * Kib });
        Bio bio = _bench.Write(device, 4 * Kib, 150 * Kib);
        device.Ranges.ShouldBe(
            [(4 * Kib, 64 * Kib), (68 * Kib, 64 * Kib), (132 * Kib, 22 * Kib)]);
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
    }

    [Fact]
    public void A_bio_of_exactly_the_longest_kind_is_not_cut()
    {
        TestDevice device = _bench.Add("a", limits: new QueueLimits { MaxBytes = 64 * Kib });
        _bench.Write(device, 0, 64 * Kib);
        device.Sent.Count.ShouldBe(1);
    }

    [Fact]
    public void A_bio_is_cut_at_borders()
    {
        TestDevice device = _bench.Add("a", limits: new QueueLimits { BoundaryBytes = 16 * Kib });
        _bench.Write(device, 12 * Kib, 24 * Kib);
        device.Ranges.ShouldBe([(12 * Kib, 4 * Kib), (16 * Kib, 16 * Kib), (32 * Kib, 4 * Kib)]);
        _bench.Write(device, 16 * Kib, 16 * Kib);
        device.Ranges.Last().ShouldBe((16 * Kib, 16 * Kib));
    }

    [Fact]
    public void Parts_are_cut_where_a_block_ends()
    {
        // 2^32 - 1 is what a 32-bit length field can say.
        var limits = new QueueLimits
        {
            MaxWriteZeroesBytes = uint.MaxValue, LogicalBlockSize = 4096,
        };
        TestDevice device = _bench.Add("a", limits: limits, sizeBytes: 1L << 40);
        device.Give(Owner.Make(BlockOperation.WriteZeroes, 0, 1L << 33));
        _bench.Loop.Settle();
        device.Ranges.Sum(range => range.Length).ShouldBe(1L << 33);
        device.Ranges.ShouldAllBe(range => range.Offset % 4096 == 0 && range.Length % 4096 == 0);
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public unsafe void Each_part_has_its_share_of_the_data()
    {
        byte* data = (byte*)0x10000;
        TestDevice device = _bench.Add("a", limits: new QueueLimits { MaxBytes = 8 * Kib });
        device.DelayNs = null;
        Bio bio = Owner.Read(4 * Kib, 20 * Kib);
        bio.Data = data;
        device.Submit(bio);
        _bench.Loop.Settle();
        device.InFlight.Count.ShouldBe(3);
        foreach (Request request in device.InFlight)
            ((long)request.FirstBio!.Cursor).ShouldBe((long)data + request.Offset - (4 * Kib));
    }

    [Fact]
    public void The_first_error_of_a_part_is_the_error_of_the_whole()
    {
        TestDevice device = _bench.Add("a", limits: new QueueLimits { MaxBytes = 8 * Kib });
        device.DelayNs = null;
        Bio bio = _bench.Write(device, 0, 32 * Kib);
        device.Complete(device.InFlight[1], BlockStatus.Medium);
        device.Complete(device.InFlight[0], BlockStatus.NoSpace);
        device.CompleteAll();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Medium);
    }

    [Fact]
    public void A_bio_that_was_cut_and_failed_may_be_used_again()
    {
        TestDevice device = _bench.Add("a", limits: new QueueLimits { MaxBytes = 8 * Kib });
        BlockStatus outcome = BlockStatus.Medium;
        device.Outcome = _ => outcome;
        var statuses = new List<BlockStatus>();
        var bio = new Bio(new StatusOwner(statuses)) { Operation = BlockOperation.Read };
        bio.Length = 32 * Kib;
        device.Submit(bio);
        _bench.Loop.Settle();
        outcome = BlockStatus.Ok;
        device.Submit(bio);
        _bench.Loop.Settle();
        statuses.ShouldBe([BlockStatus.Medium, BlockStatus.Ok]);
    }

    [Fact]
    public void Parts_wait_for_tags_in_order()
    {
        TestDevice device = _bench.Add(
            "a", new QueueOptions { Depth = 2 }, new QueueLimits { MaxBytes = 8 * Kib });
        Bio bio = _bench.Write(device, 0, 80 * Kib);
        device.Ranges.ShouldBe(Enumerable.Range(0, 10).Select(i => (i * 8L * Kib, 8L * Kib)));
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
    }

    [Fact]
    public void Neighbouring_parts_of_different_bios_merge()
    {
        TestDevice device = _bench.Add("a", limits: new QueueLimits { MaxBytes = 8 * Kib });
        device.Submit(Owner.Write(0, 12 * Kib));
        device.Submit(Owner.Write(12 * Kib, 4 * Kib));
        _bench.Loop.Settle();
        device.Ranges.ShouldBe([(0, 8 * Kib), (8 * Kib, 8 * Kib)]);
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public void A_question_for_extents_is_never_cut()
    {
        // Its data is a list of answers, not the bytes of the range.
        var limits = new QueueLimits
        {
            BoundaryBytes = 16 * Kib, MaxBytes = 4 * Kib, Extents = true,
        };
        TestDevice device = _bench.Add("a", limits: limits);
        device.Give(Owner.Make(BlockOperation.Extents, 0, 64 * Kib));
        _bench.Loop.Settle();
        device.Ranges.ShouldBe([(0, 64 * Kib)]);
    }

    private sealed class StatusOwner(List<BlockStatus> statuses) : IBioOwner
    {
        public void EndBio(Bio bio) => statuses.Add(bio.Status);
    }
}
