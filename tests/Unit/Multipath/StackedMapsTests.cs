// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Multipath;

/// <summary>A request-based map as the path of another: a clone has clones itself.</summary>
public sealed class StackedMapsTests
{
    private readonly Bench _bench = new();
    private readonly TestDevice _a;
    private readonly TestDevice _b;
    private readonly MappedDevice _inner;
    private readonly MappedDevice _outer;

    public StackedMapsTests()
    {
        _a = _bench.Add("a");
        _b = _bench.Add("b");
        _a.DelayNs = null;
        _inner = _bench.Map(
            "0 2048 multipath 1 queue_if_no_path 0 1 1 queue-length 0 2 1 a 1 b 1", name: "inner");
        _bench.Add(_inner);
        _outer = _bench.Map(
            "0 2048 multipath 0 0 1 1 round-robin 0 1 1 inner 1", name: "outer");
    }

    private TestOwner Owner => _bench.Owner;

    [Fact]
    public void I_O_goes_through_both()
    {
        for (int i = 0; i < 4; i++) _outer.Give(Owner.Write(i * 4096, 4096));
        _bench.Loop.Settle();
        _a.Sent.Single().Bios.ShouldBe(4);
        _a.CompleteFirst();
        Owner.ShouldAllHaveEnded();
        ShouldBeQuiet();
    }

    [Fact]
    public void What_was_done_ends_once_when_the_inner_map_fails_over()
    {
        Bio[] bios = [.. Enumerable.Range(0, 4).Select(i => Owner.Write(i * 4096, 4096))];
        foreach (Bio bio in bios) _outer.Submit(bio);
        _bench.Loop.Settle();
        _a.Complete(_a.InFlight[0], BlockStatus.Transport, 9000);
        Owner.Ended.ShouldBe(bios[..2]);
        _bench.Loop.Settle();
        _b.Ranges.ShouldBe([(9000, 16384 - 9000)]);
        Owner.ShouldAllHaveEnded();
        _bench.Changes.ShouldBe(["-a 1"]);
        _outer.Statistics.WriteBytes.ShouldBe(16384);
        ShouldBeQuiet();
    }

    [Fact]
    public void I_O_that_the_inner_map_holds_is_sent_when_its_path_returns()
    {
        _inner.Message("fail_path a");
        _inner.Message("fail_path b");
        Bio bio = _bench.Write(_outer);
        _bench.Loop.RunFor(1000 * Loops.Ms);
        Owner.HasEnded(bio).ShouldBeFalse();
        _inner.Message("reinstate_path b");
        _bench.Loop.Settle();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        ShouldBeQuiet();
    }

    [Fact]
    public void When_the_inner_map_fails_the_outer_fails_its_path()
    {
        _inner.Message("fail_if_no_path");
        _inner.Message("fail_path a");
        _inner.Message("fail_path b");
        Owner.StatusOf(_bench.Write(_outer)).ShouldBe(BlockStatus.IoError);
        _bench.Changes.Last().ShouldBe("-inner 0");
        ShouldBeQuiet();
    }

    [Fact]
    public void A_suspended_inner_map_sends_nothing_that_comes_through_the_outer()
    {
        _inner.Suspend().ShouldBeDone();
        Bio bio = _bench.Write(_outer);
        _bench.Loop.RunFor(1000 * Loops.Ms);
        _a.Sent.Count.ShouldBe(0);
        Owner.HasEnded(bio).ShouldBeFalse();
        _inner.Resume().ShouldBeDone();
        _bench.Loop.RunFor(10 * Loops.Ms);
        _a.CompleteFirst();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        ShouldBeQuiet();
    }

    [Theory]
    [InlineData(8192, BlockStatus.IoError)]
    [InlineData(65536, BlockStatus.Ok)]
    public void A_clone_that_waits_in_the_inner_map_fails_there_when_it_is_too_long_for_a_new_table(
        int maxBytes, BlockStatus expected)
    {
        _inner.Message("fail_path a");
        _inner.Message("fail_path b");
        Bio bio = _bench.Write(_outer, 0, 65536);
        TestDevice c = _bench.Add("c", limits: new QueueLimits { MaxBytes = maxBytes });
        _bench.Swap(_inner, "0 2048 multipath 0 0 1 1 round-robin 0 1 1 c 1");
        _bench.Loop.RunFor(10 * Loops.Ms);
        Owner.StatusOf(bio).ShouldBe(expected);
        c.Sent.ShouldAllBe(sent => sent.Length <= maxBytes);
        _inner.Multipath().ValidPaths.ShouldBe(1);
        ShouldBeQuiet();
    }

    [Fact]
    public void A_clone_that_waits_in_the_inner_map_fails_there_when_a_new_table_is_shorter()
    {
        _inner.Message("fail_path a");
        _inner.Message("fail_path b");
        Bio beyond = _bench.Write(_outer, 65536, 4096);
        Bio within = _bench.Write(_outer, 32768, 4096);
        TestDevice c = _bench.Add("c");
        _bench.Swap(_inner, "0 128 multipath 0 0 1 1 round-robin 0 1 1 c 1");
        _bench.Loop.RunFor(10 * Loops.Ms);
        Owner.StatusOf(beyond).ShouldBe(BlockStatus.IoError);
        Owner.HasEnded(within).ShouldBeTrue();
        _outer.Message("reinstate_path inner");
        Owner.StatusOf(_bench.Write(_outer, 65536, 4096)).ShouldBe(BlockStatus.IoError);
        c.Ranges.ShouldAllBe(range => range.Offset + range.Length <= 65536);
        ShouldBeQuiet();
    }

    private void ShouldBeQuiet()
    {
        foreach (BlockDevice device in (BlockDevice[])[_a, _b, _inner, _outer])
        {
            device.Queue!.Tags.InUse.ShouldBe(0, device.Name);
            device.Statistics.InFlight.ShouldBe(0, device.Name);
        }
    }
}
