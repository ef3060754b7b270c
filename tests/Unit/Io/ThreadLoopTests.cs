// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Io;

/// <summary>The machine's loops, on each backend.</summary>
public abstract class ThreadLoopTests(IoBackend backend) : IDisposable
{
    private readonly IoLoop _loop = Backends.Start(backend);

    public void Dispose()
    {
        _loop.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_timer_is_never_early_and_hardly_late()
    {
        var fired = new TaskCompletionSource<long>(
            TaskCreationOptions.RunContinuationsAsynchronously);
        long turns = 0;
        _loop.Post(() =>
        {
            long armed = _loop.NowNs;
            turns = _loop.Statistics.Turns;
            _loop.CreateTimer(() => fired.SetResult(_loop.NowNs - armed)).Arm(20 * Loops.Ms);
        });
        long waited = await fired.Task.WaitAsync(SocketBench.Limit);
        waited.ShouldBeGreaterThanOrEqualTo(20 * Loops.Ms);
        waited.ShouldBeLessThan(5000 * Loops.Ms);
        // It slept, and was not woken up before the time.
        (_loop.Statistics.Turns - turns).ShouldBeLessThan(5);
    }

    [Fact]
    public async Task Timers_fire_in_the_order_of_their_times()
    {
        var fired = new List<int>();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _loop.Post(() =>
        {
            foreach (int ms in (int[])[9, 3, 6, 1])
            {
                _loop.CreateTimer(() =>
                {
                    fired.Add(ms);
                    if (fired.Count == 4) done.SetResult();
                }).Arm(ms * Loops.Ms);
            }
        });
        await done.Task.WaitAsync(SocketBench.Limit);
        fired.ShouldBe([1, 3, 6, 9]);
    }

    [Fact]
    public async Task A_message_wakes_a_loop_that_sleeps()
    {
        // Nothing is armed: without the wake-up it would sleep for ever.
        for (int i = 0; i < 200; i++)
            (await _loop.CallAsync(() => i).WaitAsync(SocketBench.Limit)).ShouldBe(i);
    }

    [Fact]
    public async Task Messages_of_many_threads_all_run_and_each_ones_in_order()
    {
        const int Threads = 4;
        const int PerThread = 5000;
        int[] last = new int[Threads];
        bool ordered = true;
        int ran = 0;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(Poster)];
        foreach (Thread thread in threads) thread.Start();
        await done.Task.WaitAsync(SocketBench.Limit);
        foreach (Thread thread in threads) thread.Join();
        ordered.ShouldBeTrue();
        last.ShouldAllBe(number => number == PerThread);

        Thread Poster(int thread) => new(() =>
        {
            for (int i = 1; i <= PerThread; i++)
            {
                int number = i;
                _loop.Post(() =>
                {
                    ordered &= number == ++last[thread];
                    if (++ran == Threads * PerThread) done.SetResult();
                });
            }
        });
    }

    [Fact]
    public async Task A_call_gives_its_result_or_its_error()
    {
        (await _loop.CallAsync(() => _loop.IsCurrent)).ShouldBeTrue();
        _loop.IsCurrent.ShouldBeFalse();
        IOException error = await Should.ThrowAsync<IOException>(
            () => _loop.CallAsync<int>(static () => throw new IOException("no")));
        error.Message.ShouldBe("no");
    }

    [Fact]
    public void Disposing_ends_the_thread_after_what_was_posted()
    {
        IoLoop loop = Backends.Start(backend);
        int ran = 0;
        for (int i = 0; i < 100; i++) loop.Post(() => ran++);
        loop.Dispose();
        ran.ShouldBe(100);
        loop.Dispose();
    }

    [Fact]
    public void Posting_to_a_loop_that_has_ended_does_nothing()
    {
        IoLoop loop = Backends.Start(backend);
        loop.Dispose();
        loop.Post(static () => throw new InvalidOperationException());
    }

    [Fact]
    public async Task A_loop_without_I_O_sleeps()
    {
        await _loop.CallAsync(static () => 0);
        long turns = _loop.Statistics.Turns;
        // Ten turns are asked for; a loop that polled would make thousands meanwhile.
        for (int i = 0; i < 10; i++) await _loop.CallAsync(static () => 0);
        (_loop.Statistics.Turns - turns).ShouldBeLessThan(30);
        _loop.Statistics.Spins.ShouldBe(0);
    }
}

public sealed class EpollLoopTests() : ThreadLoopTests(IoBackend.Epoll);

public sealed class UringLoopTests() : ThreadLoopTests(IoBackend.IoUring);
