// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Io;

public sealed class SimulatedLoopTests
{
    private readonly SimulatedLoop _loop = new(1);

    [Fact]
    public void Time_goes_on_by_what_was_asked_for_even_when_nothing_happens()
    {
        long start = _loop.NowNs;
        start.ShouldBeGreaterThan(0);
        _loop.RunFor(12_345);
        _loop.NowNs.ShouldBe(start + 12_345);
    }

    [Fact]
    public void Time_stands_at_the_due_time_of_each_timer()
    {
        var times = new List<long>();
        long start = _loop.NowNs;
        foreach (long due in (long[])[500, 100, 300])
            _loop.CreateTimer(() => times.Add(_loop.NowNs - start)).Arm(due);
        _loop.RunFor(400);
        times.ShouldBe([100, 300]);
        _loop.RunFor(100);
        times.ShouldBe([100, 300, 500]);
    }

    [Fact]
    public void Running_until_something_stops_right_there()
    {
        long start = _loop.NowNs;
        bool fired = false;
        _loop.CreateTimer(() => fired = true).Arm(700);
        _loop.CreateTimer(static () => { }).Arm(800);
        _loop.RunUntil(() => fired, 10_000).ShouldBeTrue();
        _loop.NowNs.ShouldBe(start + 700);
    }

    [Fact]
    public void Running_until_what_never_comes_ends_when_nothing_is_left()
    {
        _loop.CreateTimer(static () => { }).Arm(700);
        _loop.RunUntil(() => false, 1_000_000).ShouldBeFalse();
    }

    [Fact]
    public void Running_until_does_not_pass_its_limit()
    {
        long start = _loop.NowNs;
        bool fired = false;
        _loop.CreateTimer(() => fired = true).Arm(700);
        _loop.RunUntil(() => fired, 699).ShouldBeFalse();
        _loop.NowNs.ShouldBeLessThanOrEqualTo(start + 699);
        fired.ShouldBeFalse();
    }

    [Fact]
    public void A_call_gives_its_result_or_its_error()
    {
        Task<int> good = _loop.CallAsync(() => 42);
        Task<int> bad = _loop.CallAsync<int>(() => throw new IOException("no"));
        _loop.Settle();
        good.Result.ShouldBe(42);
        bad.Exception!.InnerException!.Message.ShouldBe("no");
    }

    [Fact]
    public void The_same_seed_gives_the_same_random_numbers()
    {
        var first = new SimulatedLoop(5);
        var second = new SimulatedLoop(5);
        var other = new SimulatedLoop(6);
        ulong[] numbers = [.. Enumerable.Range(0, 8).Select(_ => first.Random.NextUInt64())];
        numbers.ShouldBe(Enumerable.Range(0, 8).Select(_ => second.Random.NextUInt64()));
        numbers.ShouldNotBe(Enumerable.Range(0, 8).Select(_ => other.Random.NextUInt64()));
    }

    [Fact]
    public void Only_the_thread_that_made_it_is_its_own()
    {
        _loop.IsCurrent.ShouldBeTrue();
        bool elsewhere = true;
        var thread = new Thread(() => elsewhere = _loop.IsCurrent);
        thread.Start();
        thread.Join();
        elsewhere.ShouldBeFalse();
    }
}
