// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Mapper;

/// <summary>The delay target: what it holds, how long, and what ends the wait.</summary>
public sealed class DelayTargetTests
{
    private const long Ms = Loops.Ms;

    private readonly Bench _bench = new();
    private readonly TestDevice _a;
    private readonly TestDevice _b;
    private readonly TestDevice _c;

    public DelayTargetTests()
    {
        var limits = new QueueLimits { WriteCache = true, MaxDiscardBytes = 1 << 20 };
        _a = _bench.Add("a", limits: limits);
        _b = _bench.Add("b", limits: limits);
        _c = _bench.Add("c", limits: limits);
    }

    private TestOwner Owner => _bench.Owner;

    [Fact]
    public void Everything_is_held_for_the_time_of_the_only_class()
    {
        MappedDevice map = _bench.Map("0 2048 delay a 8 500");
        map.Give(Owner.Read(0, 4096));
        map.Give(Owner.Write(4096, 4096));
        map.Give(Owner.Flush());
        map.Table!.Status().ShouldBe("0 2048 delay 1 1 1");
        _bench.Loop.RunFor(499 * Ms);
        _a.Sent.ShouldBeEmpty();
        map.InFlight.ShouldBe(3);
        _bench.Loop.RunFor(1 * Ms);
        Owner.ShouldAllHaveEnded();
        _a.Sent.Count.ShouldBe(3);
        _a.Ranges.ShouldContain((8 * 512, 4096));
        map.Table!.Status().ShouldBe("0 2048 delay 0 0 0");
    }

    [Fact]
    public void It_says_why_they_are_held_and_they_can_be_failed()
    {
        MappedDevice map = _bench.Map("0 2048 delay a 0 500");
        map.Give(Owner.Read(0, 4096));
        map.Held().ShouldHaveSingleItem().Reason.ShouldBe(HoldReason.Delay);
        map.FailHeld(_ => true).ShouldBe(1);
        _bench.Loop.RunFor(500 * Ms);
        Owner.ShouldAllHaveEnded(BlockStatus.IoError);
        _a.Sent.ShouldBeEmpty();
        map.Held().ShouldBeEmpty();
    }

    [Fact]
    public void Reads_writes_and_flushes_may_each_have_their_device_and_time()
    {
        MappedDevice map = _bench.Map("0 2048 delay a 0 100 b 8 200 c 16 300");
        map.Give(Owner.Read(0, 4096));
        map.Give(Owner.Write(0, 4096));
        map.Give(Owner.Make(BlockOperation.Discard, 8192, 4096));
        map.Give(Owner.Write(65536, 4096, BioFlags.Preflush));
        map.Give(Owner.Flush());
        map.Table!.Status().ShouldBe("0 2048 delay 1 2 2");
        _bench.Loop.RunFor(100 * Ms);
        (_a.Sent.Count, _b.Sent.Count, _c.Sent.Count).ShouldBe((1, 0, 0));
        _bench.Loop.RunFor(100 * Ms);
        (_a.Sent.Count, _b.Sent.Count, _c.Sent.Count).ShouldBe((1, 2, 0));
        _bench.Loop.RunFor(100 * Ms);
        // The two flushes are one, and the write follows it.
        (_a.Sent.Count, _b.Sent.Count, _c.Sent.Count).ShouldBe((1, 2, 2));
        _a.Ranges.ShouldBe([(0, 4096)]);
        _b.Ranges.Order().ShouldBe([(8 * 512, 4096), ((8 * 512) + 8192, 4096)]);
        _c.Ranges.ShouldContain(((16 * 512) + 65536, 4096));
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public void With_two_classes_flushes_go_with_the_writes()
    {
        MappedDevice map = _bench.Map("0 2048 delay a 0 100 b 0 200");
        map.Give(Owner.Flush());
        map.Table!.Status().ShouldBe("0 2048 delay 0 0 1");
        _bench.Loop.RunFor(200 * Ms);
        (_a.Sent.Count, _b.Sent.Count).ShouldBe((0, 1));
    }

    [Fact]
    public void Without_a_delay_nothing_is_held()
    {
        MappedDevice map = _bench.Map("0 2048 delay a 0 0 b 0 100");
        Owner.StatusOf(Read(map)).ShouldBe(BlockStatus.Ok);
        Owner.HasEnded(_bench.Write(map)).ShouldBeFalse();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_suspend_lets_everything_go_at_once_and_holds_nothing_until_the_resume(
        bool noFlush)
    {
        MappedDevice map = _bench.Map("0 2048 delay a 0 60000");
        for (int i = 0; i < 5; i++) _bench.Write(map, i * 65536);
        _a.DelayNs = null;
        Transition suspend = map.Suspend(noFlush);
        suspend.IsDone.ShouldBeFalse();
        _a.Ranges.Select(range => range.Offset).ShouldBe([0, 65536, 131072, 196608, 262144]);
        _a.CompleteAll();
        suspend.ShouldBeDone();
        Owner.ShouldAllHaveEnded();

        _a.DelayNs = 0;
        Bio late = _bench.Write(map);
        map.Resume().ShouldBeDone();
        _bench.Loop.RunFor(59_999 * Ms);
        Owner.HasEnded(late).ShouldBeFalse();
        _bench.Loop.RunFor(1 * Ms);
        Owner.StatusOf(late).ShouldBe(BlockStatus.Ok);
        _a.Sent.Count.ShouldBe(6);
    }

    [Fact]
    public void What_comes_between_the_beginning_of_a_suspend_and_its_stop_is_not_held()
    {
        MappedDevice map = _bench.Map("0 2048 delay a 0 60000");
        var suspend = new Transition();
        map.Suspend(noFlush: false, suspend.Done);
        Bio bio = map.Give(Owner.Write(0, 4096));
        _bench.Loop.Settle();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        suspend.ShouldBeDone();
    }

    [Fact]
    public void A_table_that_comes_is_not_reached_by_what_the_one_before_held()
    {
        MappedDevice map = _bench.Map("0 2048 delay a 0 1000");
        Bio bio = _bench.Write(map);
        _bench.Swap(map, "0 2048 delay b 0 1000");
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        _bench.Loop.RunFor(60_000 * Ms);
        (_a.Sent.Count, _b.Sent.Count).ShouldBe((1, 0));
    }

    [Fact]
    public void A_device_that_holds_bios_stays()
    {
        MappedDevice map = _bench.Map("0 2048 delay a 0 1000");
        _bench.Write(map);
        Should.Throw<DeviceBusyException>(map.Remove);
        _bench.Loop.RunFor(1000 * Ms);
        Owner.ShouldAllHaveEnded();
        map.Remove();
    }

    [Fact]
    public void Errors_below_come_up()
    {
        _a.Outcome = _ => BlockStatus.Medium;
        MappedDevice map = _bench.Map("0 2048 delay a 0 10");
        Bio bio = _bench.Write(map);
        _bench.Loop.RunFor(10 * Ms);
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Medium);
    }

    [Fact]
    public void It_prints_what_it_was_given()
    {
        foreach (string line in (string[])["0 2048 delay a 0 1", "0 2048 delay a 0 1 b 2 3",
            "0 2048 delay a 0 1 b 2 3 c 4 4294967295"])
            _bench.Map(line).Table!.Describe().ShouldBe(line);
    }

    [Theory]
    [InlineData("", "the device is missing, at the end")]
    [InlineData("a 0", "the delay in milliseconds is missing, at the end")]
    [InlineData("a 0 x", "the delay in milliseconds must be a number, at word 6 'x'")]
    [InlineData("a 0 1 b", "the start sector of the device is missing, at the end")]
    [InlineData("a 0 1 b 0", "the delay in milliseconds is missing, at the end")]
    [InlineData("a 0 1 b 0 1 c 0 1 a", "delay takes no more words, at word 12 '1'")]
    [InlineData("a 32768 1", "a is too small for target: start=32768, len=2048, dev_size=32768")]
    public void A_line_that_cannot_be_loaded_says_where_and_why(string arguments, string error) =>
        Should.Throw<TableException>(() => _bench.Map($"0 2048 delay {arguments}")).Message
            .ShouldBe(error);

    private Bio Read(MappedDevice map)
    {
        Bio bio = map.Give(Owner.Read(0, 4096));
        _bench.Loop.Settle();
        return bio;
    }
}
