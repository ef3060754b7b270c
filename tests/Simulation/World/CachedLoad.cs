// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Block;
using Braid.Io;

namespace Braid.Tests.Simulation;

/// <summary>
/// A load on few blocks, so that writes overlap: reads, writes with and without FUA, writes of
/// zeroes, flushes. Its history tells which values a block may have: none that a write has
/// replaced which began after the other had ended, and which the reader must see.
/// </summary>
internal sealed unsafe class CachedLoad : IBioOwner, IDisposable
{
    public const int Block = 4096;
    public const int Blocks = 64;
    private const int MaxBlocks = 4;
    private const int Sector = 512;

    private readonly SimulatedLoop _loop;
    private readonly BlockDevice _device;
    private readonly List<CachedWrite>[] _history = new List<CachedWrite>[Blocks];
    private readonly Bio[] _bios;
    private readonly long[] _begin;
    private readonly byte* _memory;
    private long _now;
    private bool _isStopping;

    public CachedLoad(SimulatedLoop loop, BlockDevice device, int depth)
    {
        _loop = loop;
        _device = device;
        for (int i = 0; i < Blocks; i++)
            _history[i] = [new CachedWrite(0, -2) { End = -1, IsDurable = true }];
        _bios = new Bio[depth];
        _begin = new long[depth];
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(depth * MaxBlocks * Block), Block);
        for (int i = 0; i < depth; i++)
            _bios[i] = new Bio(this) { Cookie = i, Data = _memory + (i * MaxBlocks * Block) };
    }

    /// <summary>What was wrong: stale reads, errors.</summary>
    public List<string> Problems { get; } = [];

    public int Running { get; private set; }

    public long Done { get; private set; }

    public long Flushes { get; private set; }

    public void Start()
    {
        foreach (Bio bio in _bios) Next(bio);
    }

    public void Stop() => _isStopping = true;

    public void EndBio(Bio bio)
    {
        Running--;
        Done++;
        _now++;
        if (bio.Status != BlockStatus.Ok) Problems.Add($"{bio.Operation}: {bio.Status}");
        else End(bio);
        if (!_isStopping) Next(bio);
    }

    /// <summary>Sectors that must not be what they are after all servers have crashed.</summary>
    public int CountLost(ReadOnlySpan<byte> durable)
    {
        int lost = 0;
        for (int at = 0; at < Blocks * Block; at += Sector)
        {
            long value = MemoryMarshal.Read<long>(durable[at..]);
            if (!IsAllowed(_history[at / Block], value, long.MaxValue, mustBeDurable: true)) lost++;
        }
        return lost;
    }

    public void Dispose() => NativeMemory.AlignedFree(_memory);

    private static bool IsAllowed(
        List<CachedWrite> history, long value, long readBegin, bool mustBeDurable) =>
        history.Exists(write => write.Value == value && !history.Exists(newer =>
            newer.Begin > write.End && newer.End < readBegin
            && (!mustBeDurable || newer.IsDurable)));

    private void Next(Bio bio)
    {
        long draw = _loop.Random.Next(100);
        bio.Operation = draw switch
        {
            < 55 => BlockOperation.Write,
            < 60 => BlockOperation.WriteZeroes,
            < 92 => BlockOperation.Read,
            _ => BlockOperation.Flush,
        };
        bool isFlush = bio.Operation == BlockOperation.Flush;
        int count = 1 + (int)_loop.Random.Next(MaxBlocks);
        bio.Offset = isFlush ? 0 : _loop.Random.Next(Blocks - count + 1) * Block;
        bio.Length = isFlush ? 0 : count * Block;
        bio.Flags = bio.Operation == BlockOperation.Write && _loop.Random.Chance(100)
            ? BioFlags.Fua
            : BioFlags.None;
        _begin[bio.Cookie] = ++_now;
        Running++;
        if (bio.IsWrite && !isFlush) Note(bio);
        _device.Submit(bio);
    }

    private void Note(Bio bio)
    {
        long value = bio.Operation == BlockOperation.Write ? _now : 0;
        new Span<long>(bio.Data, (int)bio.Length / sizeof(long)).Fill(value);
        for (long block = bio.Offset / Block; block < bio.End / Block; block++)
            _history[block].Add(new CachedWrite(value, _now));
    }

    private void End(Bio bio)
    {
        if (bio.Operation == BlockOperation.Flush) EndFlush(_begin[bio.Cookie]);
        else if (bio.Operation == BlockOperation.Read) EndRead(bio);
        else EndWrite(bio);
    }

    private void EndFlush(long begin)
    {
        Flushes++;
        foreach (List<CachedWrite> history in _history)
            foreach (CachedWrite write in history)
                if (write.End < begin) write.IsDurable = true;
    }

    private void EndRead(Bio bio)
    {
        for (int at = 0; at < bio.Length; at += Sector)
        {
            long value = *(long*)(bio.Data + at);
            long block = (bio.Offset + at) / Block;
            if (!IsAllowed(_history[block], value, _begin[bio.Cookie], mustBeDurable: false))
                Problems.Add($"block {block} was read as {value}");
        }
    }

    private void EndWrite(Bio bio)
    {
        for (long block = bio.Offset / Block; block < bio.End / Block; block++)
        {
            CachedWrite write = _history[block].Find(
                write => write.Begin == _begin[bio.Cookie])!;
            write.End = _now;
            write.IsDurable |= (bio.Flags & BioFlags.Fua) != 0;
        }
    }
}
