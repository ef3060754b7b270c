// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Block;
using Braid.Io;

namespace Braid.Cli;

/// <summary>
/// Random reads and writes of 4 KiB, always so many in flight. Each block holds a pattern made of
/// its number and of how often it was written; each read is held against it. On the client's loop.
/// </summary>
internal sealed unsafe class DemoLoad : IBioOwner, IDisposable
{
    private const int BlockBytes = 4096;
    private const int Words = BlockBytes / sizeof(ulong);
    private const int Depth = 16;

    private readonly BlockDevice _device;
    private readonly IoLoop _loop;
    private readonly uint[] _versions;
    private readonly bool[] _busy;
    private readonly long[] _startedNs = new long[Depth];
    private readonly byte* _memory;
    private readonly List<Bio> _bios = [];
    private TaskCompletionSource? _idle;
    private long _nextToVerify = -1;
    private bool _stopping;

    public DemoLoad(IoLoop loop, BlockDevice device, long bytes)
    {
        _loop = loop;
        _device = device;
        Blocks = bytes / BlockBytes;
        _versions = new uint[Blocks];
        _busy = new bool[Blocks];
        _memory = (byte*)NativeMemory.AlignedAlloc(Depth * BlockBytes, BlockBytes);
        for (int i = 0; i < Depth; i++)
            _bios.Add(new Bio(this) { Cookie = i, Data = _memory + (i * BlockBytes) });
    }

    public long Blocks { get; }

    /// <summary>I/Os that have ended.</summary>
    public long Done { get; private set; }

    /// <summary>I/Os that failed.</summary>
    public long Errors { get; private set; }

    /// <summary>Reads that did not return what was written.</summary>
    public long Mismatches { get; private set; }

    /// <summary>The longest that one I/O took.</summary>
    public TimeSpan LongestIo { get; private set; }

    /// <summary>Blocks that the final pass has read.</summary>
    public long Verified => Math.Max(0, _nextToVerify);

    private int Running { get; set; }

    /// <summary>Starts the random part.</summary>
    public void Start()
    {
        foreach (Bio bio in _bios) Next(bio);
    }

    /// <summary>Lets what is in flight end.</summary>
    public Task StopAsync()
    {
        _stopping = true;
        return WhenIdle();
    }

    /// <summary>Reads every block once, in order, and holds it against what was written.</summary>
    public Task VerifyAsync()
    {
        _nextToVerify = 0;
        foreach (Bio bio in _bios) Next(bio);
        return WhenIdle();
    }

    public void EndBio(Bio bio)
    {
        Running--;
        Done++;
        long block = bio.Offset / BlockBytes;
        _busy[block] = false;
        var took = TimeSpan.FromMicroseconds((_loop.NowNs - _startedNs[bio.Cookie]) / 1000);
        if (took > LongestIo) LongestIo = took;
        if (bio.Status != BlockStatus.Ok) Errors++;
        else if (bio.Operation == BlockOperation.Read && !IsRight(bio, block)) Mismatches++;
        Next(bio);
    }

    public void Dispose() => NativeMemory.AlignedFree(_memory);

    private Task WhenIdle()
    {
        _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Running == 0) _idle.SetResult();
        return _idle.Task;
    }

    private void Next(Bio bio)
    {
        if (_nextToVerify >= 0 && _nextToVerify < Blocks)
            Submit(bio, BlockOperation.Read, _nextToVerify++);
        else if (!_stopping)
            SubmitRandom(bio);
        else if (Running == 0)
            _idle?.TrySetResult();
    }

    private void SubmitRandom(Bio bio)
    {
        long block = _loop.Random.Next(Blocks);
        while (_busy[block]) block = (block + 1) % Blocks;
        bool write = _loop.Random.Chance(500);
        if (write)
        {
            _versions[block]++;
            Fill(bio, block);
        }
        Submit(bio, write ? BlockOperation.Write : BlockOperation.Read, block);
    }

    private void Submit(Bio bio, BlockOperation operation, long block)
    {
        Running++;
        _busy[block] = true;
        _startedNs[bio.Cookie] = _loop.NowNs;
        bio.Operation = operation;
        bio.Offset = block * BlockBytes;
        bio.Length = BlockBytes;
        _device.Submit(bio);
    }

    /// <summary>A block that was never written is zero.</summary>
    private ulong Word(long block, int index) => _versions[block] == 0
        ? 0
        : (((ulong)block << 32) | _versions[block]) ^ ((ulong)index * 0x9E3779B97F4A7C15);

    private void Fill(Bio bio, long block)
    {
        var words = (ulong*)bio.Data;
        for (int i = 0; i < Words; i++) words[i] = Word(block, i);
    }

    private bool IsRight(Bio bio, long block)
    {
        var words = (ulong*)bio.Data;
        for (int i = 0; i < Words; i++)
            if (words[i] != Word(block, i)) return false;
        return true;
    }
}
