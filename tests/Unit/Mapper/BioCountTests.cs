// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Mapper;

/// <summary>What a device that takes bios counts, and when (dm_start_io_acct).</summary>
public sealed class BioCountTests
{
    private const int Sector = 512;

    private readonly Bench _bench = new();

    public BioCountTests()
    {
        _bench.Add("a", limits: new QueueLimits { WriteCache = true });
        _bench.Add("b");
    }

    private TestOwner Owner => _bench.Owner;

    [Fact]
    public void Each_part_counts_and_one_that_is_killed_does_not()
    {
        MappedDevice map = _bench.Map("0 8 linear a 0\n8 8 linear b 0\n16 8 error");
        _bench.Write(map, 0, 16 * Sector);
        Counts(map).ShouldBe((2, 16 * Sector));
        Owner.StatusOf(_bench.Write(map, 8 * Sector, 16 * Sector)).ShouldBe(BlockStatus.IoError);
        Counts(map).ShouldBe((3, 24 * Sector));
        _bench.Write(map, 16 * Sector, 8 * Sector);
        Counts(map).ShouldBe((3, 24 * Sector));
    }

    [Fact]
    public void A_flush_of_several_targets_counts_once()
    {
        MappedDevice map = _bench.Map("0 8 linear a 0\n8 8 linear b 0\n16 8 linear a 8");
        map.Give(Owner.Make(BlockOperation.Flush, 0, 0));
        _bench.Loop.Settle();
        map.Statistics.Flushes.ShouldBe(1);
    }

    [Fact]
    public void What_waits_in_the_target_has_counted_and_does_not_count_again()
    {
        MappedDevice map = _bench.Map(
            "0 2048 multipath 3 queue_if_no_path queue_mode bio 0 1 1 round-robin 0 1 1 a 1");
        map.Message("fail_path a");
        Bio bio = _bench.Write(map);
        Owner.HasEnded(bio).ShouldBeFalse();
        Counts(map).ShouldBe((1, 4096));
        map.Message("reinstate_path a");
        _bench.Loop.Settle();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        Counts(map).ShouldBe((1, 4096));
    }

    [Fact]
    public void Without_a_path_nothing_counts()
    {
        MappedDevice map = _bench.Map(
            "0 2048 multipath 2 queue_mode bio 0 1 1 round-robin 0 1 1 a 1");
        map.Message("fail_path a");
        Owner.StatusOf(_bench.Write(map)).ShouldBe(BlockStatus.IoError);
        map.Give(Owner.Make(BlockOperation.Flush, 0, 0));
        _bench.Loop.Settle();
        Counts(map).ShouldBe((0, 0));
        map.Statistics.Flushes.ShouldBe(0);
    }

    [Fact]
    public void What_a_delay_holds_counts_when_it_lets_it_go()
    {
        MappedDevice map = _bench.Map("0 8 delay a 0 5");
        Bio bio = _bench.Write(map);
        Counts(map).ShouldBe((0, 0));
        _bench.Loop.RunFor(6_000_000);
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        Counts(map).ShouldBe((1, 4096));
    }

    private static (long Writes, long Bytes) Counts(MappedDevice map) =>
        (map.Statistics.Writes, map.Statistics.WriteBytes);
}
