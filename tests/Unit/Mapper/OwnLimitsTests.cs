// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Mapper;

/// <summary>Targets without devices below: what they add to a table.</summary>
public sealed class OwnLimitsTests
{
    private readonly Bench _bench = new();

    [Fact]
    public void A_flush_goes_past_targets_without_devices()
    {
        TestDevice below = _bench.Add("a", limits: new QueueLimits { WriteCache = true });
        MappedDevice map = _bench.Map("0 8 linear a 0\n8 8 error\n16 8 zero");

        Give(map, BlockOperation.Flush, 0, 0).ShouldBe(BlockStatus.Ok);

        below.Statistics.Flushes.ShouldBe(1);
    }

    [Fact]
    public void No_target_takes_discards_by_itself()
    {
        Give(_bench.Map("0 8 zero"), BlockOperation.Discard, 0, 4096)
            .ShouldBe(BlockStatus.NotSupported);
        Give(_bench.Map("0 8 zero\n8 8 error"), BlockOperation.Discard, 0, 4096)
            .ShouldBe(BlockStatus.NotSupported);
    }

    [Fact]
    public void A_new_table_without_devices_does_not_keep_the_limits_of_the_old_one()
    {
        _bench.Add("a", limits: new QueueLimits { WriteCache = true, ReadOnly = true });
        MappedDevice map = _bench.Map("0 8 linear a 0");
        map.Limits.ReadOnly.ShouldBeTrue();

        map.Load(new Table([new TargetEntry(0, 4096, new ZeroTarget())]));
        map.Resume(noFlush: false, problem => problem.ShouldBeNull());
        _bench.Loop.Settle();

        map.Limits.ReadOnly.ShouldBeFalse();
    }

    private BlockStatus Give(BlockDevice device, BlockOperation operation, long offset, long length)
    {
        Bio bio = device.Give(_bench.Owner.Make(operation, offset, length));
        _bench.Loop.Settle();
        return _bench.Owner.StatusOf(bio);
    }
}
