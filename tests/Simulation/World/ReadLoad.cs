// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Block;
using Braid.Io;

namespace Braid.Tests.Simulation;

/// <summary>
/// Random reads of 4 KiB of a device, so many in flight, and how long each has taken.
/// </summary>
internal sealed unsafe class ReadLoad : IBioOwner, IDisposable
{
    private const int Block = 4096;

    private readonly SimulatedLoop _loop;
    private readonly BlockDevice _device;
    private readonly byte* _memory;
    private readonly long[] _startNs;
    private bool _isOver;

    public ReadLoad(SimulatedLoop loop, BlockDevice device, int depth)
    {
        _loop = loop;
        _device = device;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(depth * Block), Block);
        _startNs = new long[depth];
        for (int i = 0; i < depth; i++)
            Submit(new Bio(this) { Cookie = i, Data = _memory + (i * Block) });
    }

    /// <summary>Of all that have ended, nanoseconds.</summary>
    public List<long> TookNs { get; } = [];

    public int InFlight { get; private set; }

    /// <summary>From the end of a read to the beginning of the next.</summary>
    public long PauseNs { get; init; }

    public void Stop() => _isOver = true;

    /// <summary>The time that so many percent of the reads did not exceed.</summary>
    public long Percentile(double percentile)
    {
        long[] sorted = [.. TookNs.Order()];
        return sorted[(int)Math.Ceiling(percentile / 100 * sorted.Length) - 1];
    }

    public void EndBio(Bio bio)
    {
        bio.Status.ShouldBe(BlockStatus.Ok);
        InFlight--;
        TookNs.Add(_loop.NowNs - _startNs[bio.Cookie]);
        if (PauseNs == 0) SubmitNext(bio);
        else _loop.CreateTimer(() => SubmitNext(bio)).Arm(PauseNs);
    }

    public void Dispose() => NativeMemory.AlignedFree(_memory);

    private void SubmitNext(Bio bio)
    {
        if (!_isOver) Submit(bio);
    }

    private void Submit(Bio bio)
    {
        bio.Operation = BlockOperation.Read;
        bio.Offset = _loop.Random.Next(SimulatedWorld.VolumeBytes / Block) * Block;
        bio.Length = Block;
        _startNs[bio.Cookie] = _loop.NowNs;
        InFlight++;
        _device.Submit(bio);
    }
}
