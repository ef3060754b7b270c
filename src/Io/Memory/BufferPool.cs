// SPDX-License-Identifier: Apache-2.0
using System.Numerics;
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>
/// Page-aligned I/O memory of one loop: one mapping, given out in powers of two from 4 KiB to
/// 1 MiB. The last one freed is the first one given, so that it is still in the cache; halves are
/// joined again only when a larger one is wanted. Allocates nothing after construction.
/// </summary>
/// <remarks>
/// The bound is the whole pool. Who gets nothing queues as a waiter and is called back in order;
/// while anybody waits nobody else is served, so that a large wish is not starved by small ones.
/// </remarks>
public sealed unsafe class BufferPool : IDisposable
{
    /// <summary>The smallest buffer: a page.</summary>
    public const int MinBuffer = 1 << MinOrder;

    /// <summary>The largest buffer.</summary>
    public const int MaxBuffer = 1 << MaxOrder;

    private const int MinOrder = 12;
    private const int MaxOrder = 20;
    private const int Orders = MaxOrder - MinOrder + 1;
    private const int None = -1;

    /// <summary>For each page: order of the free buffer that begins there plus 1, or 0.</summary>
    private readonly byte[] _freeOrder;

    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly int[] _firstFree = new int[Orders];
    private readonly byte* _memory;
    private readonly Queue<IBufferWaiter> _waiters = new();
    private bool _serving;

    /// <summary>No two halves of a larger buffer are free: joining would find nothing.</summary>
    private bool _isJoined = true;

    /// <param name="bytes">The bound: a multiple of <see cref="MaxBuffer"/>; touched when
    /// used.</param>
    public BufferPool(long bytes)
    {
        Invariant.That(bytes > 0 && bytes % MaxBuffer == 0);
        int pages = (int)(bytes >> MinOrder);
        _freeOrder = new byte[pages];
        _next = new int[pages];
        _previous = new int[pages];
        Array.Fill(_firstFree, None);
        int protection = Libc.PROT_READ | Libc.PROT_WRITE;
        int flags = Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_NORESERVE;
        void* memory = Libc.mmap(null, (nuint)bytes, protection, flags, -1, 0);
        if (memory == (void*)-1) throw ErrnoException.Last("mmap", "of the buffer pool");
        _memory = (byte*)memory;
        Bytes = bytes;
        for (int page = pages - (MaxBuffer / MinBuffer); page >= 0; page -= MaxBuffer / MinBuffer)
            Push(page, MaxOrder);
    }

    /// <summary>The bound, in bytes.</summary>
    public long Bytes { get; }

    /// <summary>Bytes given out, rounded up as they are given.</summary>
    public long InUse { get; private set; }

    /// <summary>The most that ever was given out at the same time, in bytes.</summary>
    public long MostInUse { get; private set; }

    /// <summary>Whether somebody waits for memory.</summary>
    public bool HasWaiters => _waiters.Count > 0;

    /// <summary>How many wait.</summary>
    public int Waiters => _waiters.Count;

    /// <summary>
    /// A buffer of at least <paramref name="length"/> bytes, 1 to <see cref="MaxBuffer"/>; null
    /// when there is none, or when others wait and it is not this caller's turn. Not cleared.
    /// </summary>
    public byte* TryAllocate(int length)
    {
        Invariant.That(length is > 0 and <= MaxBuffer);
        if (HasWaiters && !_serving) return null;
        int order = OrderOf(length);
        int page = Pop(order);
        if (page == None) page = Split(order);
        if (page == None && !_isJoined)
        {
            Join();
            page = Pop(order);
            if (page == None) page = Split(order);
        }
        if (page == None) return null;
        InUse += 1L << order;
        MostInUse = Math.Max(MostInUse, InUse);
        return _memory + ((long)page << MinOrder);
    }

    /// <summary>Gives back what <see cref="TryAllocate"/> gave for the same length.</summary>
    public void Free(byte* buffer, int length)
    {
        long offset = buffer - _memory;
        Invariant.That(offset >= 0 && offset < Bytes && (offset & (MinBuffer - 1)) == 0);
        int order = OrderOf(length);
        int page = (int)(offset >> MinOrder);
        Invariant.That(_freeOrder[page] == 0);
        InUse -= 1L << order;
        if (HasWaiters)
        {
            PushJoined(page, order);
            ServeWaiters();
            return;
        }
        Push(page, order);
        _isJoined = false;
    }

    /// <summary>Queues a waiter; it is asked again whenever memory has come back.</summary>
    public void Wait(IBufferWaiter waiter) => _waiters.Enqueue(waiter);

    /// <summary>
    /// Takes a waiter out of the line, wherever it stands, and serves those behind it.
    /// </summary>
    public void Leave(IBufferWaiter waiter)
    {
        // Served just now: it says itself that it wants nothing any more.
        if (_serving) return;
        for (int left = _waiters.Count; left > 0; left--)
        {
            IBufferWaiter first = _waiters.Dequeue();
            if (first != waiter) _waiters.Enqueue(first);
        }
        ServeWaiters();
    }

    private void ServeWaiters()
    {
        if (_serving) return;
        _serving = true;
        while (_waiters.TryPeek(out IBufferWaiter? waiter) && waiter.OnMemory()) _waiters.Dequeue();
        _serving = false;
    }

    /// <summary>Bytes that <see cref="TryAllocate"/> takes for so many.</summary>
    public static int Rounded(int length) => 1 << OrderOf(length);

    /// <summary>Unmaps it all. Buffers still out are a leak of the caller's.</summary>
    public void Dispose() => _ = Libc.munmap(_memory, (nuint)Bytes);

    private static int OrderOf(int length) =>
        Math.Max(MinOrder, 32 - BitOperations.LeadingZeroCount((uint)length - 1));

    /// <summary>Halves the next larger free buffer down to <paramref name="order"/>.</summary>
    private int Split(int order)
    {
        int from = order + 1;
        while (from <= MaxOrder && _firstFree[from - MinOrder] == None) from++;
        if (from > MaxOrder) return None;
        int page = Pop(from);
        while (from > order)
        {
            from--;
            Push(page + (1 << (from - MinOrder)), from);
        }
        return page;
    }

    /// <summary>
    /// Joins all free halves, smallest first. It walks all free buffers, but only once for each
    /// time that somebody begins to wait: from then on what comes back is joined at once.
    /// </summary>
    private void Join()
    {
        _isJoined = true;
        for (int small = MinOrder; small < MaxOrder; small++)
        {
            int page = _firstFree[small - MinOrder];
            while (page != None)
            {
                int next = _next[page];
                int buddy = BuddyOf(page, small);
                if (IsFree(buddy, small))
                {
                    if (next == buddy) next = _next[buddy];
                    Remove(page);
                    Remove(buddy);
                    Push(Math.Min(page, buddy), small + 1);
                }
                page = next;
            }
        }
    }

    /// <summary>Puts a buffer back together with the halves beside it that are free.</summary>
    private void PushJoined(int page, int order)
    {
        while (order < MaxOrder && IsFree(BuddyOf(page, order), order))
        {
            int buddy = BuddyOf(page, order);
            Remove(buddy);
            page = Math.Min(page, buddy);
            order++;
        }
        Push(page, order);
    }

    /// <summary>The other half of the buffer that this one is a half of.</summary>
    private static int BuddyOf(int page, int order) => page ^ (1 << (order - MinOrder));

    private bool IsFree(int page, int order) => _freeOrder[page] == order - MinOrder + 1;

    private void Push(int page, int order)
    {
        int list = order - MinOrder;
        int first = _firstFree[list];
        _freeOrder[page] = (byte)(list + 1);
        _next[page] = first;
        _previous[page] = None;
        if (first != None) _previous[first] = page;
        _firstFree[list] = page;
    }

    private int Pop(int order)
    {
        int page = _firstFree[order - MinOrder];
        if (page != None) Remove(page);
        return page;
    }

    private void Remove(int page)
    {
        int list = _freeOrder[page] - 1;
        int next = _next[page];
        int previous = _previous[page];
        if (previous == None) _firstFree[list] = next;
        else _next[previous] = next;
        if (next != None) _previous[next] = previous;
        _freeOrder[page] = 0;
    }
}

/// <summary>Who waits for memory of a <see cref="BufferPool"/>.</summary>
public interface IBufferWaiter
{
    /// <summary>
    /// Memory has come back. Returns true when the waiter is content, or no longer there; false
    /// when it wants to be asked again.
    /// </summary>
    bool OnMemory();
}
