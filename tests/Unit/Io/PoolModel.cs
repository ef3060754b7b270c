// SPDX-License-Identifier: Apache-2.0
using System.Numerics;
using Braid.Io;

namespace Braid.Tests.Unit.Io;

/// <summary>What is out of a pool, page by page; checks each buffer and writes into it.</summary>
internal sealed unsafe class PoolModel
{
    private const int Page = BufferPool.MinBuffer;

    private readonly BufferPool _pool;
    private readonly List<Buffer> _out = [];
    private readonly bool[] _taken;
    private readonly long _base;
    private byte _mark;

    public PoolModel(BufferPool pool)
    {
        _pool = pool;
        _taken = new bool[pool.Bytes / Page];
        _base = FindBase(pool);
    }

    public bool Allocate(int length)
    {
        byte* bytes = _pool.TryAllocate(length);
        if (bytes is null) return false;
        Take((long)bytes, length);
        return true;
    }

    public Wish WaitFor(int length)
    {
        var wish = new Wish(this, length);
        _pool.Wait(wish);
        return wish;
    }

    /// <summary>Frees any one buffer; false when none is out.</summary>
    public bool FreeOne(LoopRandom random)
    {
        if (_out.Count == 0) return false;
        Free((int)random.Next(_out.Count));
        return true;
    }

    public void FreeAll()
    {
        while (_out.Count > 0) Free(_out.Count - 1);
    }

    /// <summary>Whether an aligned range of free pages would do.</summary>
    public bool HasRoomFor(int length)
    {
        int pages = PagesOf(length);
        for (int page = 0; page < _taken.Length; page += pages)
            if (!_taken.AsSpan(page, pages).Contains(true)) return true;
        return false;
    }

    private static int PagesOf(int length) =>
        Math.Max(1, (int)BitOperations.RoundUpToPowerOf2((uint)length) / Page);

    private static long FindBase(BufferPool pool)
    {
        var all = new List<long>();
        while (pool.TryAllocate(BufferPool.MaxBuffer) is var bytes && bytes is not null)
            all.Add((long)bytes);
        foreach (long bytes in all) pool.Free((byte*)bytes, BufferPool.MaxBuffer);
        return all.Min();
    }

    private void Take(long address, int length)
    {
        int first = (int)((address - _base) / Page);
        int pages = PagesOf(length);
        (first % pages).ShouldBe(0);
        Span<bool> range = _taken.AsSpan(first, pages);
        range.Contains(true).ShouldBeFalse("two buffers overlap");
        range.Fill(true);
        _out.Add(new Buffer(address, length, ++_mark));
        new Span<byte>((byte*)address, length).Fill(_mark);
    }

    private void Free(int index)
    {
        Buffer buffer = _out[index];
        _out[index] = _out[^1];
        _out.RemoveAt(_out.Count - 1);
        var bytes = new ReadOnlySpan<byte>((byte*)buffer.Address, buffer.Length);
        bytes.ContainsAnyExcept(buffer.Mark).ShouldBeFalse("somebody else has written here");
        int first = (int)((buffer.Address - _base) / Page);
        _taken.AsSpan(first, PagesOf(buffer.Length)).Clear();
        _pool.Free((byte*)buffer.Address, buffer.Length);
    }

    private readonly record struct Buffer(long Address, int Length, byte Mark);

    /// <summary>Somebody who waits for a buffer.</summary>
    public sealed class Wish(PoolModel model, int length) : IBufferWaiter
    {
        public int Length => length;

        public bool IsMet { get; private set; }

        public bool OnMemory() => IsMet = model.Allocate(length);
    }
}
