// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Multipath;

/// <summary>I/O that somebody wants to fail while it is at its second path.</summary>
public sealed class FailHeldTests
{
    private readonly Bench _bench = new();
    private readonly TestDevice _a;
    private readonly TestDevice _b;

    public FailHeldTests()
    {
        _a = _bench.Add("a");
        _b = _bench.Add("b");
        _a.DelayNs = _b.DelayNs = null;
    }

    [Theory]
    [InlineData("0")]
    [InlineData("2 queue_mode bio")]
    public void It_is_listed_from_its_first_retry_on(string features)
    {
        MappedDevice map = Map(features);
        Bio bio = _bench.Write(map);
        map.Held().ShouldBeEmpty();
        map.FailHeld(_ => true).ShouldBe(0);
        FailOn(_a);
        map.Held().Single().Reason.ShouldBe(HoldReason.Retries);
        _b.CompleteFirst();
        _bench.Loop.Settle();
        _bench.Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        map.Held().ShouldBeEmpty();

        // Its tag goes to another I/O, which has not been retried.
        _bench.Write(map);
        map.Held().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1 queue_if_no_path")]
    [InlineData("2 queue_mode bio")]
    [InlineData("3 queue_if_no_path queue_mode bio")]
    public void It_is_not_kept_for_the_next_table(string features)
    {
        MappedDevice map = Map(features);
        Bio bio = _bench.Write(map);
        FailOn(_a);
        map.FailHeld(_ => true).ShouldBe(1);
        Transition suspend = map.Suspend(noFlush: true);
        suspend.IsDone.ShouldBeFalse("it is at a path");
        FailOn(_b);
        _bench.Owner.StatusOf(bio).ShouldBe(BlockStatus.IoError);
        suspend.ShouldBeDone();
        map.InFlight.ShouldBe(0);
    }

    private MappedDevice Map(string features) => _bench.Map(
        $"0 2048 multipath {features} 0 1 1 round-robin 0 2 1 a 1 b 1");

    private void FailOn(TestDevice path)
    {
        path.Complete(path.InFlight[0], BlockStatus.Transport, 0);
        _bench.Loop.Settle();
    }
}
