// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Tests.Unit.Io;

public sealed unsafe class SendQueueTests
{
    [Fact]
    public void Neighbours_behind_the_first_entry_are_joined()
    {
        using var queue = new SendQueue();
        byte* data = (byte*)0x1000;
        // The first may be under way: it is never made longer.
        queue.Add(data, 10);
        queue.Add(data + 10, 10);
        queue.Add(data + 20, 10);
        queue.Add(data + 40, 10);
        queue.Count.ShouldBe(3);
        queue.Bytes.ShouldBe(40);
        ((int)queue.First[0].iov_len).ShouldBe(10);
        ((int)queue.First[1].iov_len).ShouldBe(20);
    }

    [Fact]
    public void Clearing_leaves_nothing()
    {
        using var queue = new SendQueue();
        queue.Add((byte*)0x1000, 10);
        queue.Clear();
        queue.IsEmpty.ShouldBeTrue();
        queue.Count.ShouldBe(0);
        queue.Add((byte*)0x2000, 10);
        ((long)queue.First->iov_base).ShouldBe(0x2000);
    }

    [Fact]
    public void Nothing_to_send_takes_no_entry()
    {
        using var queue = new SendQueue();
        for (int i = 0; i < 10; i++) queue.Add((byte*)0x1000 + (i * 100), 0);
        queue.IsEmpty.ShouldBeTrue();
        queue.Count.ShouldBe(0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Random_adding_and_sending_agrees_with_a_list_of_bytes(ulong seed)
    {
        var random = new LoopRandom(seed);
        using var queue = new SendQueue();
        var model = new Queue<long>();
        long at = 0x10000;
        for (int step = 0; step < 20_000; step++)
        {
            if (random.Chance(600) || model.Count == 0)
            {
                if (random.Chance(500)) at += 1 + random.Next(100);
                int length = 1 + (int)random.Next(20);
                queue.Add((byte*)at, length);
                for (int i = 0; i < length; i++) model.Enqueue(at++);
            }
            else
            {
                long sent = random.Next(Math.Min(model.Count, 300) + 1);
                queue.Consume(sent);
                while (sent-- > 0) model.Dequeue();
            }
            queue.Bytes.ShouldBe(model.Count);
            queue.IsEmpty.ShouldBe(model.Count == 0);
            if (step % 97 == 0) Addresses(queue).ShouldBe(model);
        }
    }

    private static List<long> Addresses(SendQueue queue)
    {
        var all = new List<long>();
        for (int i = 0; i < queue.Count; i++)
            for (nuint k = 0; k < queue.First[i].iov_len; k++)
                all.Add((long)queue.First[i].iov_base + (long)k);
        return all;
    }
}
