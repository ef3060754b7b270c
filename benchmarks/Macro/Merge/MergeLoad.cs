// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using Braid.Block;
using Braid.Io;

namespace Braid.Bench.Macro;

/// <summary>Writes the bursts of a stream to a map until the time is over. On the loop.</summary>
internal sealed unsafe class MergeLoad : IBioOwner
{
    private readonly MergeMap _map;
    private readonly MergeStream _stream;
    private readonly LoopTimer _next;
    private readonly byte[] _memory;
    private readonly Bio[] _bios;
    private readonly Bio _flush;
    private readonly TaskCompletionSource<MergeSample> _done =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly long _begin = Stopwatch.GetTimestamp();
    private readonly long[] _requestsBefore;
    private readonly TimeSpan _length;
    private long _position;
    private int _submitted;
    private int _ended;
    private int _bursts;

    public MergeLoad(IoLoop loop, MergeMap map, MergeStream stream, TimeSpan length)
    {
        _map = map;
        _stream = stream;
        _length = length;
        _next = loop.CreateTimer(SubmitOne);
        _memory = GC.AllocateArray<byte>(MergeStream.WriteBytes * stream.Writes, pinned: true);
        Random.Shared.NextBytes(_memory);
        _flush = new Bio(this) { Operation = BlockOperation.Flush };
        _bios = new Bio[stream.Writes];
        fixed (byte* memory = _memory)
            for (int i = 0; i < _bios.Length; i++)
                _bios[i] = new Bio(this)
                {
                    Operation = BlockOperation.Write,
                    Length = MergeStream.WriteBytes,
                    Data = memory + ((long)i * MergeStream.WriteBytes),
                };
        _requestsBefore = Requests();
    }

    public Task<MergeSample> Done => _done.Task;

    public void Begin()
    {
        _submitted = _ended = 0;
        long burst = (long)_bios.Length * MergeStream.WriteBytes;
        if (_position + burst > _map.Device!.SizeBytes) _position = 0;
        for (int i = 0; i < _bios.Length; i++)
            _bios[i].Offset = _position + ((long)i * MergeStream.WriteBytes);
        _position += burst;
        if (!_stream.IsPlugged) SubmitOne();
        else
            while (_submitted < _bios.Length) _map.Device.Submit(_bios[_submitted++]);
    }

    public void EndBio(Bio bio)
    {
        if (bio.Status != BlockStatus.Ok)
        {
            _done.TrySetException(
                new BenchException($"a write failed: {bio.Status.ErrnoName()}"));
            return;
        }
        if (bio == _flush) EndBurst();
        else if (++_ended < _bios.Length) return;
        else if (_stream.EndsWithFlush) _map.Device!.Submit(_flush);
        else EndBurst();
    }

    private void SubmitOne()
    {
        _map.Device!.Submit(_bios[_submitted++]);
        if (_submitted < _bios.Length) _next.Arm(0);
    }

    private void EndBurst()
    {
        _bursts++;
        TimeSpan elapsed = Stopwatch.GetElapsedTime(_begin);
        // From the timer, so that a burst never begins inside the end of the last.
        if (elapsed < _length) _map.Device!.Loop.Post(Begin);
        else _done.TrySetResult(Sample(elapsed));
    }

    private MergeSample Sample(TimeSpan elapsed) => new(
        elapsed.TotalSeconds, _bursts,
        [.. Requests().Zip(_requestsBefore, (after, before) => after - before)],
        (long)_bursts * _bios.Length * MergeStream.WriteBytes);

    private long[] Requests() => [.. _map.Paths.Select(path => path.Statistics.Writes)];
}
