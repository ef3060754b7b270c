// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Block;

/// <summary>A queue that is stopped, emptied, given another scheduler or other limits.</summary>
public sealed class QuiesceTests
{
    private const int Block = 4096;

    private readonly Bench _bench = new();

    private TestOwner Owner => _bench.Owner;

    public static TheoryData<SchedulerKind> Schedulers =>
        [SchedulerKind.None, SchedulerKind.Deadline];

    [Theory]
    [MemberData(nameof(Schedulers))]
    public void A_quiesced_queue_gives_the_driver_nothing_and_merges_on(SchedulerKind kind)
    {
        TestDevice device = Device(kind);
        device.Queue.Quiesce();
        for (int i = 0; i < 8; i++) _bench.Write(device, i * Block);
        _bench.Loop.RunFor(10_000 * Loops.Ms);
        device.Sent.ShouldBeEmpty();
        device.Queue.Unquiesce();
        _bench.Loop.Settle();
        device.Ranges.ShouldBe([(0, 8 * Block)]);
    }

    [Fact]
    public void What_is_requeued_while_quiesced_goes_first_afterwards()
    {
        TestDevice device = Device(SchedulerKind.None);
        _bench.Write(device, 0);
        _bench.Write(device, 1 << 20);
        device.Queue.Quiesce();
        _bench.Write(device, 2 << 20);
        foreach (Request request in device.InFlight.ToArray())
        {
            device.Forget(request);
            device.Queue.Requeue(request, 0, delayNs: 0);
        }
        _bench.Loop.RunFor(1000 * Loops.Ms);
        device.Sent.Count.ShouldBe(2);
        device.Queue.Unquiesce();
        _bench.Loop.Settle();
        device.Ranges.Skip(2).Select(range => range.Offset).ShouldBe([0, 1 << 20, 2 << 20]);
    }

    [Fact]
    public void An_idle_queue_says_so_at_once()
    {
        bool idle = false;
        Device(SchedulerKind.None).Queue.WhenIdle(() => idle = true);
        idle.ShouldBeTrue();
    }

    [Fact]
    public void A_queue_is_idle_when_the_last_request_has_ended_or_was_given_back()
    {
        TestDevice device = Device(SchedulerKind.None);
        for (int i = 0; i < 3; i++) _bench.Write(device, i << 20);
        device.Queue.Quiesce();
        int idle = 0;
        device.Queue.WhenIdle(() => idle++);
        device.CompleteFirst();
        device.CompleteFirst(BlockStatus.Medium);
        idle.ShouldBe(0);
        Request last = device.InFlight[0];
        device.Forget(last);
        device.Queue.Requeue(last, 0, delayNs: 1);
        idle.ShouldBe(1);
        device.Queue.WhenIdle(() => idle++);
        idle.ShouldBe(2);
    }

    [Fact]
    public void A_queue_whose_driver_fails_the_last_request_at_once_is_idle()
    {
        TestDevice device = Device(SchedulerKind.None);
        device.Answer = request =>
            request.Offset > 0 ? BlockStatus.Transport : BlockStatus.Ok;
        _bench.Write(device, 0);
        bool idle = false;
        device.Queue.WhenIdle(() => idle = true);
        device.CompleteFirst();
        idle.ShouldBeTrue();
        _bench.Write(device, Block);
        idle = false;
        device.Queue.WhenIdle(() => idle = true);
        idle.ShouldBeTrue();
    }

    [Fact]
    public void Only_one_waits_for_an_idle_queue()
    {
        TestDevice device = Device(SchedulerKind.None);
        _bench.Write(device);
        device.Queue.WhenIdle(() => { });
        Should.Throw<InvariantException>(() => device.Queue.WhenIdle(() => { }));
    }

    [Theory]
    [InlineData(SchedulerKind.None, SchedulerKind.Deadline)]
    [InlineData(SchedulerKind.Deadline, SchedulerKind.None)]
    [InlineData(SchedulerKind.Deadline, SchedulerKind.Deadline)]
    public void What_waits_moves_to_another_scheduler(SchedulerKind before, SchedulerKind after)
    {
        TestDevice device = Device(before);
        device.Queue.Quiesce();
        long[] offsets = [5 << 20, 1 << 20, 9 << 20, 3 << 20];
        foreach (long offset in offsets) _bench.Write(device, offset);
        device.Give(Owner.Read(7 << 20, Block));
        _bench.Loop.Settle();
        device.Queue.Scheduler = after;
        device.Queue.Scheduler.ShouldBe(after);
        device.Queue.Unquiesce();
        _bench.Loop.Settle();
        device.Sent.Count.ShouldBe(5);
        if (after == SchedulerKind.Deadline)
            device.Sent[0].Operation.ShouldBe(BlockOperation.Read);
        device.CompleteAll();
        Owner.ShouldAllHaveEnded();
        device.Queue.Tags.InUse.ShouldBe(0);
    }

    [Fact]
    public void A_scheduler_that_comes_merges_what_the_one_before_did_not()
    {
        TestDevice device = Device(SchedulerKind.None);
        device.Queue.Quiesce();
        // Too far back for the simple one to look.
        for (int i = 0; i < 10; i++) _bench.Write(device, i << 20);
        for (int i = 0; i < 10; i++) _bench.Write(device, (i << 20) + (2 * Block));
        for (int i = 0; i < 10; i++) _bench.Write(device, (i << 20) + Block);
        device.Queue.Scheduler = SchedulerKind.Deadline;
        device.Queue.Unquiesce();
        _bench.Loop.Settle();
        device.Sent.Count.ShouldBeLessThan(30);
        device.Sent.Sum(sent => sent.Length).ShouldBe(30 * Block);
        device.CompleteAll();
        Owner.ShouldAllHaveEnded();
        device.Queue.Tags.InUse.ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(Schedulers))]
    public void With_other_limits_all_that_waits_is_submitted_anew_and_counted_once(
        SchedulerKind kind)
    {
        var options = new QueueOptions { Depth = 8, Scheduler = kind, CapMerges = true };
        TestDevice device = _bench.Add("a", options, new QueueLimits { MaxBytes = 1 << 20 });
        device.DelayNs = null;
        device.Queue.Quiesce();
        for (int i = 0; i < 64; i++) device.Give(Owner.Write(i * Block, Block));
        _bench.Loop.Settle();
        for (int i = 0; i < 16; i++) _bench.Write(device, (2 << 20) + (i * 2 * Block));
        device.Queue.Limits = new QueueLimits { MaxBytes = 2 * Block };
        device.Queue.Renew(device.Queue.Submit);
        device.Queue.Unquiesce();
        while (Owner.Open > 0)
        {
            _bench.Loop.Settle();
            device.InFlight.Count.ShouldBeInRange(1, 8);
            device.CompleteAll();
        }
        device.Sent.ShouldAllBe(sent => sent.Length <= 2 * Block);
        device.Sent.Sum(sent => sent.Length).ShouldBe(80 * Block);
        Owner.ShouldAllHaveEnded();
        device.Queue.Tags.InUse.ShouldBe(0);
        // Nothing is counted as in the queue: only the smallest merge is allowed.
        device.Queue.MergeCap.ShouldBe(32 * 1024);
    }

    [Fact]
    public void Bios_that_waited_for_a_tag_are_counted_once_too()
    {
        const int Each = 16 * Block;
        var options = new QueueOptions { Depth = 2, CapMerges = true };
        TestDevice device = _bench.Add("a", options);
        device.Queue.Quiesce();
        for (int i = 0; i < 8; i++) _bench.Write(device, i * 2 * Each, Each);
        device.Queue.Tags.IsExhausted.ShouldBeTrue();
        device.Queue.MergeCap.ShouldBe(8 * Each / 2);
        device.Queue.Renew(device.Queue.Submit);
        device.Queue.MergeCap.ShouldBe(8 * Each / 2);
        device.Queue.Unquiesce();
        _bench.Loop.Settle();
        Owner.ShouldAllHaveEnded();
        device.Queue.MergeCap.ShouldBe(32 * 1024);
    }

    [Fact]
    public void Limits_are_not_changed_under_what_is_at_the_driver()
    {
        TestDevice device = Device(SchedulerKind.None);
        _bench.Write(device);
        Should.Throw<InvariantException>(() => device.Queue.Renew(device.Queue.Submit));
        device.Queue.Quiesce();
        Should.Throw<InvariantException>(() => device.Queue.Renew(device.Queue.Submit));
        device.CompleteFirst();
        device.Queue.Renew(device.Queue.Submit);
    }

    private TestDevice Device(SchedulerKind kind)
    {
        TestDevice device = _bench.Add("a", new QueueOptions { Scheduler = kind });
        device.DelayNs = null;
        return device;
    }
}
