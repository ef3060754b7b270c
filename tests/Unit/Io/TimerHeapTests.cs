// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Io;

public sealed class TimerHeapTests
{
    private readonly SimulatedLoop _loop = new(1);

    [Fact]
    public void Timers_that_are_due_at_the_same_time_fire_in_the_order_of_arming()
    {
        var fired = new List<int>();
        LoopTimer[] timers =
            [.. Enumerable.Range(0, 100).Select(i => _loop.CreateTimer(() => fired.Add(i)))];
        foreach (LoopTimer timer in timers) timer.Arm(1000);
        timers[0].Arm(1000);
        _loop.RunFor(1000);
        fired.ShouldBe([.. Enumerable.Range(1, 99), 0]);
    }

    [Fact]
    public void A_timer_fires_once_and_not_early()
    {
        int fired = 0;
        LoopTimer timer = _loop.CreateTimer(() => fired++);
        timer.Arm(1000);
        _loop.RunFor(999);
        fired.ShouldBe(0);
        timer.IsArmed.ShouldBeTrue();
        _loop.RunFor(1);
        fired.ShouldBe(1);
        timer.IsArmed.ShouldBeFalse();
        _loop.RunFor(10_000);
        fired.ShouldBe(1);
    }

    [Fact]
    public void Arming_again_moves_a_timer()
    {
        long firedAt = 0;
        long start = _loop.NowNs;
        LoopTimer timer = _loop.CreateTimer(() => firedAt = _loop.NowNs - start);
        timer.Arm(1000);
        timer.Arm(5000);
        _loop.RunFor(4000);
        firedAt.ShouldBe(0);
        timer.Arm(10);
        _loop.RunFor(4000);
        firedAt.ShouldBe(4010);
    }

    [Fact]
    public void A_cancelled_timer_does_not_fire()
    {
        int fired = 0;
        LoopTimer timer = _loop.CreateTimer(() => fired++);
        timer.Cancel();
        timer.Arm(1000);
        timer.Cancel();
        timer.IsArmed.ShouldBeFalse();
        _loop.RunFor(10_000);
        fired.ShouldBe(0);
    }

    [Fact]
    public void A_time_in_the_past_is_now()
    {
        int fired = 0;
        _loop.CreateTimer(() => fired++).Arm(-5);
        _loop.RunFor(0);
        fired.ShouldBe(1);
    }

    [Fact]
    public void A_timer_may_cancel_and_arm_others_from_its_callback()
    {
        var fired = new List<string>();
        LoopTimer b = _loop.CreateTimer(() => fired.Add("b"));
        LoopTimer c = _loop.CreateTimer(() => fired.Add("c"));
        LoopTimer a = _loop.CreateTimer(() =>
        {
            fired.Add("a");
            b.Cancel();
            c.Arm(0);
        });
        a.Arm(10);
        b.Arm(10);
        _loop.RunFor(10);
        fired.ShouldBe(["a", "c"]);
    }

    [Fact]
    public void A_timer_that_arms_itself_again_is_periodic()
    {
        int fired = 0;
        LoopTimer timer = null!;
        timer = _loop.CreateTimer(() =>
        {
            fired++;
            timer.Arm(100);
        });
        timer.Arm(100);
        _loop.RunFor(1000);
        fired.ShouldBe(10);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Random_arming_and_cancelling_agrees_with_a_sorted_list(ulong seed)
    {
        var random = new LoopRandom(seed);
        var heap = new TimerHeap();
        LoopTimer[] timers =
            [.. Enumerable.Range(0, 200).Select(_ => _loop.CreateTimer(static () => { }))];
        var model = new List<(long Due, int Order, LoopTimer Timer)>();
        long now = 0;
        for (int step = 0; step < 5_000; step++)
        {
            LoopTimer timer = timers[random.Next(timers.Length)];
            switch (random.Next(4))
            {
                case 0 or 1:
                    long due = now + random.Next(50);
                    heap.Arm(timer, due);
                    model.RemoveAll(entry => entry.Timer == timer);
                    model.Add((due, step, timer));
                    break;
                case 2:
                    heap.Cancel(timer);
                    model.RemoveAll(entry => entry.Timer == timer);
                    break;
                default:
                    now += random.Next(4);
                    Pop(heap, model, now);
                    break;
            }
            heap.Count.ShouldBe(model.Count);
            heap.NextDueNs.ShouldBe(
                model.Count == 0 ? long.MaxValue : model.Min(entry => entry.Due));
            timer.IsArmed.ShouldBe(model.Exists(entry => entry.Timer == timer));
        }
    }

    private static void Pop(
        TimerHeap heap, List<(long Due, int Order, LoopTimer Timer)> model, long now)
    {
        while (heap.TryPop(now, heap.Sequence, out LoopTimer popped))
        {
            (long due, int order, LoopTimer timer) = model.Min();
            popped.ShouldBeSameAs(timer);
            due.ShouldBeLessThanOrEqualTo(now);
            model.Remove((due, order, timer)).ShouldBeTrue();
        }
        model.Exists(entry => entry.Due <= now).ShouldBeFalse();
    }
}
