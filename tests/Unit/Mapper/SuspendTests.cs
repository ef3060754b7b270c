// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Mapper;

/// <summary>
/// Suspend and resume, on requests and on bios: what is at the targets ends, what comes waits, and
/// nothing is lost on the way.
/// </summary>
public sealed class SuspendTests
{
    private const string Requests = "0 2048 multipath 0 0 1 1 round-robin 0 1 1 a 1";
    private const string Bios = "0 2048 linear a 0";

    private readonly Bench _bench = new();
    private readonly TestDevice _a;

    public SuspendTests()
    {
        _a = _bench.Add("a");
        _a.DelayNs = null;
    }

    private TestOwner Owner => _bench.Owner;

    [Theory]
    [InlineData(Requests, false)]
    [InlineData(Requests, true)]
    [InlineData(Bios, false)]
    [InlineData(Bios, true)]
    public void A_suspend_waits_for_what_is_in_flight_and_sends_nothing_more(
        string table, bool noFlush)
    {
        MappedDevice map = _bench.Map(table);
        Bio first = _bench.Write(map);
        Transition suspend = map.Suspend(noFlush);
        suspend.IsDone.ShouldBeFalse();
        map.IsSuspended.ShouldBeFalse();
        map.IsNoFlushSuspending.ShouldBe(noFlush);
        Bio second = _bench.Write(map, 65536);
        _a.Sent.Count.ShouldBe(1);

        _a.CompleteFirst();
        suspend.ShouldBeDone();
        Owner.StatusOf(first).ShouldBe(BlockStatus.Ok);
        map.IsSuspended.ShouldBeTrue();
        _bench.Loop.RunFor(60_000 * Loops.Ms);
        _a.Sent.Count.ShouldBe(1);
        map.InFlight.ShouldBe(1);

        map.Resume().ShouldBeDone();
        map.IsSuspended.ShouldBeFalse();
        _a.CompleteFirst();
        Owner.StatusOf(second).ShouldBe(BlockStatus.Ok);
        map.InFlight.ShouldBe(0);
    }

    [Theory]
    [InlineData(Requests)]
    [InlineData(Bios)]
    public void What_waited_is_sent_in_its_order(string table)
    {
        MappedDevice map = _bench.Map(table);
        map.Suspend().ShouldBeDone();
        for (int i = 0; i < 5; i++) _bench.Write(map, i * 65536);
        map.InFlight.ShouldBe(5);
        map.Resume().ShouldBeDone();
        _a.Ranges.Select(range => range.Offset).ShouldBe([0, 65536, 131072, 196608, 262144]);
        _a.CompleteAll();
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public void Neighbours_that_wait_while_it_is_suspended_are_one_request()
    {
        MappedDevice map = _bench.Map(
            Requests, new QueueOptions { Scheduler = SchedulerKind.Deadline });
        map.Suspend().ShouldBeDone();
        for (int i = 0; i < 16; i++) _bench.Write(map, i * 4096);
        map.Resume().ShouldBeDone();
        _a.Ranges.ShouldBe([(0, 16 * 4096)]);
    }

    [Theory]
    [InlineData(Requests)]
    [InlineData(Bios)]
    public void A_second_suspend_is_done_at_once_and_one_resume_ends_both(string table)
    {
        MappedDevice map = _bench.Map(table);
        map.Suspend(noFlush: true).ShouldBeDone();
        map.Suspend().ShouldBeDone();
        Bio bio = _bench.Write(map);
        _a.Sent.ShouldBeEmpty();
        map.Resume().ShouldBeDone();
        _a.CompleteFirst();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
    }

    [Theory]
    [InlineData(Requests)]
    [InlineData(Bios)]
    public void A_suspend_while_another_is_under_way_waits_for_it_and_fails(string table)
    {
        MappedDevice map = _bench.Map(table);
        _bench.Write(map);
        Transition first = map.Suspend();
        Transition second = map.Suspend(noFlush: true);
        map.IsInTransition.ShouldBeTrue();
        (first.IsDone, second.IsDone).ShouldBe((false, false));
        _a.CompleteFirst();
        first.ShouldBeDone();
        second.IsDone.ShouldBeTrue();
        second.Problem.ShouldBe("mp was being suspended or resumed already");
        (map.IsSuspended, map.IsInTransition).ShouldBe((true, false));
        map.Suspend().ShouldBeDone();
    }

    [Fact]
    public void A_suspend_while_a_swap_is_under_way_fails_and_the_device_goes_on()
    {
        TestDevice b = _bench.Add("b");
        MappedDevice map = _bench.Map(Requests);
        _bench.Write(map);
        _bench.Load(map, Requests.Replace("a 1", "b 1", StringComparison.Ordinal));
        Transition swap = map.Resume();
        Transition suspend = map.Suspend();
        _a.CompleteFirst();
        swap.ShouldBeDone();
        (suspend.IsDone, suspend.Problem is null).ShouldBe((true, false));
        map.IsSuspended.ShouldBeFalse();
        _bench.Write(map);
        b.Sent.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(Requests)]
    [InlineData(Bios)]
    public void A_resume_while_a_suspend_is_under_way_does_nothing(string table)
    {
        MappedDevice map = _bench.Map(table);
        _bench.Write(map);
        Transition suspend = map.Suspend();
        map.Resume().ShouldBeDone();
        Bio bio = _bench.Write(map, 65536);
        _a.CompleteFirst();
        _bench.Loop.RunFor(1000 * Loops.Ms);
        suspend.ShouldBeDone();
        map.IsSuspended.ShouldBeTrue();
        Owner.HasEnded(bio).ShouldBeFalse();
        map.Resume().ShouldBeDone();
        _a.CompleteFirst();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
    }

    [Fact]
    public void Swaps_are_done_one_after_the_other()
    {
        TestDevice b = _bench.Add("b");
        TestDevice c = _bench.Add("c");
        MappedDevice map = _bench.Map(Requests);
        _bench.Write(map);
        Transition suspend = map.Suspend();
        _bench.Load(map, Requests.Replace("a 1", "b 1", StringComparison.Ordinal));
        Transition first = map.Resume();
        _bench.Load(map, Requests.Replace("a 1", "c 1", StringComparison.Ordinal));
        Transition second = map.Resume();
        b.DelayNs = null;
        Bio bio = _bench.Write(map, 65536);
        _a.CompleteFirst();
        _bench.Loop.Settle();
        suspend.ShouldBeDone();
        first.ShouldBeDone();
        // What waited was sent to the first of them, and the second waits for it.
        second.IsDone.ShouldBeFalse();
        b.CompleteFirst();
        second.ShouldBeDone();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        map.Table!.Devices.ShouldBe([c]);
    }

    [Fact]
    public void Transitions_that_wait_in_thousands_need_no_stack()
    {
        MappedDevice map = _bench.Map(Requests);
        _bench.Write(map);
        Transition[] all = [.. Enumerable.Range(0, 100_000).Select(_ =>
        {
            var transition = new Transition();
            map.Suspend(noFlush: false, transition.Done);
            return transition;
        })];
        _bench.Loop.Settle();
        map.Transitions.ShouldBe(99_999);
        _a.CompleteFirst();
        all.ShouldAllBe(transition => transition.IsDone);
        all.Count(transition => transition.Problem is null).ShouldBe(1);
    }

    [Fact]
    public void A_transition_may_be_begun_from_the_end_of_another()
    {
        MappedDevice map = _bench.Map(Requests);
        var told = new List<string>();
        map.Suspend(noFlush: false, _ =>
        {
            map.Resume(noFlush: false, _ => told.Add($"resumed {map.IsSuspended}"));
            told.Add($"suspended {map.IsSuspended}");
        });
        _bench.Loop.Settle();
        told.ShouldBe(["suspended True", "resumed False"]);
    }

    [Theory]
    [InlineData(Requests)]
    [InlineData(Bios)]
    public void A_resume_of_a_device_that_is_not_suspended_changes_nothing(string table)
    {
        MappedDevice map = _bench.Map(table);
        Bio bio = _bench.Write(map);
        map.Resume().ShouldBeDone();
        _a.CompleteFirst();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
    }

    [Theory]
    [InlineData(Requests)]
    [InlineData(Bios)]
    public void A_bio_that_is_submitted_from_the_end_of_another_waits_too(string table)
    {
        MappedDevice map = _bench.Map(table);
        Bio first = _bench.Write(map);
        Bio next = Owner.Write(8192, 4096);
        Owner.Then = bio =>
        {
            if (bio == first) map.Submit(next);
        };
        Transition suspend = map.Suspend();
        _a.CompleteFirst();
        _bench.Loop.Settle();
        suspend.ShouldBeDone();
        _a.Sent.Count.ShouldBe(1);
        map.Resume().ShouldBeDone();
        _a.CompleteFirst();
        Owner.StatusOf(next).ShouldBe(BlockStatus.Ok);
    }

    [Fact]
    public void A_message_to_a_suspended_device_is_refused()
    {
        MappedDevice map = _bench.Map(Requests);
        map.Suspend().ShouldBeDone();
        Should.Throw<MessageException>(() => map.Message("fail_path a")).Message
            .ShouldBe("the device is suspended");
        map.Resume().ShouldBeDone();
        map.Message("fail_path a");
        _bench.Changes.ShouldBe(["-a 0"]);
    }

    [Fact]
    public void A_flush_of_a_suspended_device_waits_like_any_other_I_O()
    {
        TestDevice cached = _bench.Add("c", limits: new QueueLimits { WriteCache = true });
        MappedDevice requests =
            _bench.Map(Requests.Replace("a 1", "c 1", StringComparison.Ordinal));
        MappedDevice bios = _bench.Map("0 8 linear c 0", name: "bios");
        foreach (MappedDevice map in (MappedDevice[])[requests, bios])
        {
            map.Suspend().ShouldBeDone();
            Bio flush = map.Give(Owner.Flush());
            _bench.Loop.RunFor(1000 * Loops.Ms);
            Owner.HasEnded(flush).ShouldBeFalse();
            map.Resume().ShouldBeDone();
            Owner.StatusOf(flush).ShouldBe(BlockStatus.Ok);
        }
        cached.Sent.Count.ShouldBe(2);
    }
}
