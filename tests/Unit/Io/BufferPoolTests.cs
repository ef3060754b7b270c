// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Io;

public sealed unsafe class BufferPoolTests
{
    private const int Page = BufferPool.MinBuffer;
    private const int Largest = BufferPool.MaxBuffer;

    [Theory]
    [InlineData(1, Page)]
    [InlineData(Page, Page)]
    [InlineData(Page + 1, 2 * Page)]
    [InlineData(100_000, 128 * 1024)]
    [InlineData(Largest - 1, Largest)]
    [InlineData(Largest, Largest)]
    public void A_buffer_is_the_next_power_of_two_and_begins_on_a_page(int length, int given)
    {
        using var pool = new BufferPool(Largest);
        byte* buffer = pool.TryAllocate(length);
        ((long)buffer % Page).ShouldBe(0);
        pool.InUse.ShouldBe(given);
        pool.Free(buffer, length);
        pool.InUse.ShouldBe(0);
    }

    [Fact]
    public void The_bound_is_the_whole_pool_and_no_more()
    {
        using var pool = new BufferPool(3 * Largest);
        var all = new HashSet<long>();
        while (pool.TryAllocate(Page) is var buffer && buffer is not null)
            all.Add((long)buffer).ShouldBeTrue();
        all.Count.ShouldBe(3 * Largest / Page);
        (all.Max() - all.Min()).ShouldBe((3 * Largest) - Page);
        pool.InUse.ShouldBe(pool.Bytes);
    }

    [Fact]
    public void The_buffer_freed_last_is_given_first()
    {
        using var pool = new BufferPool(Largest);
        byte* first = pool.TryAllocate(Page);
        byte* second = pool.TryAllocate(Page);
        pool.Free(second, Page);
        pool.Free(first, Page);
        (pool.TryAllocate(Page) == first).ShouldBeTrue();
        (pool.TryAllocate(Page) == second).ShouldBeTrue();
    }

    [Fact]
    public void Misuse_is_a_broken_invariant()
    {
        using var pool = new BufferPool(Largest);
        Should.Throw<InvariantException>(() => pool.TryAllocate(0));
        Should.Throw<InvariantException>(() => pool.TryAllocate(Largest + 1));
        long buffer = (long)pool.TryAllocate(Page);
        Should.Throw<InvariantException>(() => pool.Free((byte*)buffer + 1, Page));
        Should.Throw<InvariantException>(() => pool.Free((byte*)buffer - Page, Page));
        pool.Free((byte*)buffer, Page);
        Should.Throw<InvariantException>(() => pool.Free((byte*)buffer, Page));
        Should.Throw<InvariantException>(() => new BufferPool(Largest + Page));
    }

    [Theory]
    [InlineData(1, 4)]
    [InlineData(2, 8)]
    [InlineData(3, 16)]
    public void A_long_random_run_never_overlaps_and_all_can_be_joined_at_the_end(
        ulong seed, int megabytes)
    {
        var random = new LoopRandom(seed);
        using var pool = new BufferPool((long)megabytes * Largest);
        var model = new PoolModel(pool);
        for (int step = 0; step < 60_000; step++)
        {
            // Pressure comes and goes, so that the pool is now nearly full, now nearly empty.
            int allocate = step / 5000 % 2 == 0 ? 600 : 400;
            if (random.Chance(allocate)) model.Allocate(1 << (int)(9 + random.Next(12)));
            else model.FreeOne(random);
        }
        model.FreeAll();
        pool.InUse.ShouldBe(0);
        for (int i = 0; i < megabytes; i++) model.Allocate(Largest).ShouldBeTrue();
        model.Allocate(1).ShouldBeFalse();
    }

    [Fact]
    public void A_large_wish_is_met_from_small_pieces_that_came_back()
    {
        using var pool = new BufferPool(2 * Largest);
        long[] pages = AllPages(pool);
        foreach (long page in pages) pool.Free((byte*)page, Page);
        (pool.TryAllocate(Largest) is not null).ShouldBeTrue();
        (pool.TryAllocate(Largest) is not null).ShouldBeTrue();
    }

    [Fact]
    public void Waiters_are_served_in_their_order()
    {
        using var pool = new BufferPool(Largest);
        byte* all = pool.TryAllocate(Largest);
        var served = new List<int>();
        foreach (int i in Enumerable.Range(0, 5))
            pool.Wait(new Waiter(pool, Page, () => served.Add(i)));
        pool.Free(all, Largest);
        served.ShouldBe(Enumerable.Range(0, 5));
        pool.HasWaiters.ShouldBeFalse();
    }

    [Fact]
    public void Each_waiter_has_its_turn_before_the_next()
    {
        using var pool = new BufferPool(Largest);
        long[] pages = AllPages(pool);
        var order = new List<string>();
        pool.Wait(new Waiter(pool, 4 * Page, () => order.Add("large")));
        pool.Wait(new Waiter(pool, Page, () => order.Add("small")));
        for (int i = 0; i < 3; i++) pool.Free((byte*)pages[i], Page);
        // Three pages are free, and the small one could have one: it is not its turn.
        order.ShouldBeEmpty();
        pool.HasWaiters.ShouldBeTrue();
        pool.Free((byte*)pages[3], Page);
        order.ShouldBe(["large"]);
        pool.Free((byte*)pages[4], Page);
        order.ShouldBe(["large", "small"]);
        pool.HasWaiters.ShouldBeFalse();
    }

    [Fact]
    public void While_somebody_waits_nobody_else_is_served()
    {
        using var pool = new BufferPool(Largest);
        long[] pages = AllPages(pool);
        pool.Wait(new Waiter(pool, 2 * Page, static () => { }));
        pool.Free((byte*)pages[0], Page);
        (pool.TryAllocate(Page) is null).ShouldBeTrue();
        pool.Free((byte*)pages[1], Page);
        pool.HasWaiters.ShouldBeFalse();
        pool.Free((byte*)pages[2], Page);
        (pool.TryAllocate(Page) is not null).ShouldBeTrue();
    }

    [Fact]
    public void A_waiter_that_has_gone_holds_nobody_up()
    {
        using var pool = new BufferPool(Largest);
        long[] pages = AllPages(pool);
        var order = new List<string>();
        pool.Wait(new Waiter(pool, 0, () => order.Add("gone")));
        pool.Wait(new Waiter(pool, Page, () => order.Add("here")));
        pool.Free((byte*)pages[0], Page);
        order.ShouldBe(["gone", "here"]);
    }

    [Fact]
    public void A_waiter_may_wait_again_at_once()
    {
        using var pool = new BufferPool(Largest);
        long[] pages = AllPages(pool);
        int served = 0;
        Waiter waiter = null!;
        waiter = new Waiter(pool, Page, () =>
        {
            if (++served < 3) pool.Wait(waiter);
        });
        pool.Wait(waiter);
        for (int i = 0; i < 3; i++) pool.Free((byte*)pages[i], Page);
        served.ShouldBe(3);
        pool.HasWaiters.ShouldBeFalse();
    }

    [Fact]
    public void A_wish_is_met_as_soon_as_the_memory_for_it_is_there()
    {
        // Most of the pool is out and stays out, as when I/O waits for a path: whoever waits must
        // not depend on that. Of four MiB two are kept, and a page of the third.
        using var pool = new BufferPool(4 * Largest);
        long[] pages = AllPages(pool);
        const int PerMib = Largest / Page;
        bool served = false;
        pool.Wait(new Waiter(pool, Largest, () => served = true));
        Free(pool, pages, 3 * PerMib, PerMib / 2);
        Free(pool, pages, (2 * PerMib) + 1, PerMib - 1);
        served.ShouldBeFalse();
        Free(pool, pages, (3 * PerMib) + (PerMib / 2), PerMib / 2);
        served.ShouldBeTrue();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Nobody_starves_however_the_memory_comes_back(ulong seed)
    {
        var random = new LoopRandom(seed);
        using var pool = new BufferPool(8 * Largest);
        var model = new PoolModel(pool);
        var waiting = new Queue<PoolModel.Wish>();
        for (int step = 0; step < 10_000; step++)
        {
            if (random.Chance(550))
            {
                int length = 1 << (int)(9 + random.Next(12));
                if (!model.Allocate(length) && waiting.Count < 50)
                    waiting.Enqueue(model.WaitFor(length));
            }
            else
            {
                model.FreeOne(random);
            }
            while (waiting.TryPeek(out PoolModel.Wish? first) && first.IsMet) waiting.Dequeue();
            // In order: none behind the first is met before it.
            waiting.Any(static wish => wish.IsMet).ShouldBeFalse();
            pool.HasWaiters.ShouldBe(waiting.Count > 0);
            if (waiting.Count > 0) model.HasRoomFor(waiting.Peek().Length).ShouldBeFalse();
        }
        while (waiting.Count > 0)
        {
            model.FreeOne(random).ShouldBeTrue("all is free and somebody waits");
            while (waiting.TryPeek(out PoolModel.Wish? first) && first.IsMet) waiting.Dequeue();
        }
    }

    private static long[] AllPages(BufferPool pool)
    {
        var pages = new List<long>();
        while (pool.TryAllocate(Page) is var page && page is not null) pages.Add((long)page);
        pages.Sort();
        return [.. pages];
    }

    private static void Free(BufferPool pool, long[] pages, int first, int count)
    {
        for (int i = first; i < first + count; i++) pool.Free((byte*)pages[i], Page);
    }

    /// <summary>Wants so many bytes; 0 is one that is content without.</summary>
    private sealed class Waiter(BufferPool pool, int length, Action served) : IBufferWaiter
    {
        public bool OnMemory()
        {
            if (length > 0 && pool.TryAllocate(length) is null) return false;
            served();
            return true;
        }
    }
}
