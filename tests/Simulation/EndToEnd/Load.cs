// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Block;
using Braid.Io;

namespace Braid.Tests.Simulation;

/// <summary>What a client does.</summary>
/// <param name="Operation">Read or write.</param>
/// <param name="Bytes">Of one I/O.</param>
/// <param name="Depth">I/Os in flight.</param>
/// <param name="IsRandom">Or one behind the other.</param>
/// <param name="Count">I/Os in all.</param>
public sealed record Workload(
    BlockOperation Operation, int Bytes, int Depth, bool IsRandom, long Count);

/// <summary>Runs a workload on a device; made and used on the device's loop.</summary>
internal sealed unsafe class Load(IoLoop loop, BlockDevice device) : IBioOwner
{
    private readonly TaskCompletionSource _done = new(
        TaskCreationOptions.RunContinuationsAsynchronously);

    private Workload _workload = null!;
    private long _started;
    private long _ended;
    private long _position;

    public Task Run(Workload workload)
    {
        _workload = workload;
        for (int i = 0; i < workload.Depth; i++)
        {
            byte* data = (byte*)NativeMemory.AllocZeroed((nuint)workload.Bytes);
            Next(new Bio(this) { Cookie = i, Data = data });
        }
        return _done.Task;
    }

    public void EndBio(Bio bio)
    {
        if (bio.Status != BlockStatus.Ok)
            _done.TrySetException(new IOException($"an I/O has ended with {bio.Status}"));
        _ended++;
        if (_started < _workload.Count)
        {
            Next(bio);
            return;
        }
        NativeMemory.Free(bio.Data);
        if (_ended == _workload.Count) _done.TrySetResult();
    }

    private void Next(Bio bio)
    {
        _started++;
        long blocks = device.SizeBytes / _workload.Bytes;
        long block = _workload.IsRandom ? loop.Random.Next(blocks) : _position++ % blocks;
        bio.Operation = _workload.Operation;
        bio.Offset = block * _workload.Bytes;
        bio.Length = _workload.Bytes;
        device.Submit(bio);
    }
}
