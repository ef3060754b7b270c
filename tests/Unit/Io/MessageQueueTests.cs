// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Tests.Unit.Io;

public sealed class MessageQueueTests
{
    [Fact]
    public void Messages_run_oldest_first()
    {
        var queue = new MessageQueue();
        var ran = new List<int>();
        for (int i = 0; i < 10; i++) queue.Push(new Numbered(i, ran.Add));
        queue.IsEmpty.ShouldBeFalse();
        queue.RunAll().ShouldBe(10);
        queue.IsEmpty.ShouldBeTrue();
        ran.ShouldBe(Enumerable.Range(0, 10));
        queue.RunAll().ShouldBe(0);
    }

    [Fact]
    public void A_message_may_be_pushed_again_from_its_own_run()
    {
        var queue = new MessageQueue();
        int runs = 0;
        Numbered message = null!;
        message = new Numbered(0, _ =>
        {
            if (++runs < 3) queue.Push(message);
        });
        queue.Push(message);
        while (queue.RunAll() > 0)
        {
        }
        runs.ShouldBe(3);
    }

    [Fact]
    public void Many_threads_lose_nothing_and_each_ones_order_is_kept()
    {
        const int Threads = 4;
        const int PerThread = 20_000;
        var queue = new MessageQueue();
        int[] last = new int[Threads];
        int ran = 0;
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(Pusher)];
        foreach (Thread thread in threads) thread.Start();
        while (ran < Threads * PerThread) queue.RunAll();
        foreach (Thread thread in threads) thread.Join();
        queue.IsEmpty.ShouldBeTrue();
        last.ShouldAllBe(number => number == PerThread);

        Thread Pusher(int thread) => new(() =>
        {
            for (int i = 1; i <= PerThread; i++)
            {
                queue.Push(new Numbered(i, number =>
                {
                    number.ShouldBe(++last[thread]);
                    ran++;
                }));
            }
        });
    }

    private sealed class Numbered(int number, Action<int> run) : LoopMessage
    {
        protected internal override void Run() => run(number);
    }
}
