// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Scenario;

/// <summary>How an I/O of a program ended.</summary>
/// <param name="Length">Bytes that were transferred.</param>
/// <param name="Error">Name of the errno; null for none.</param>
internal readonly record struct IoResult(long Length, string? Error);

/// <summary>A device that a program has open: I/O as system calls do it.</summary>
internal sealed class DeviceHandle : IDisposable
{
    private const int PageSize = 4096;

    /// <summary>Bytes of the longest bio of plain zeroes: 256 times the page of zeroes.</summary>
    private const int MaxZeroBio = 1 << 20;

    private DeviceHandle(StepContext context, BlockDevice device)
    {
        World = context.World;
        Device = device;
        Cpu = context.Cpu;
        device.Open();
    }

    public ScenarioWorld World { get; }

    public BlockDevice Device { get; }

    /// <summary>Where its program runs.</summary>
    public int Cpu { get; }

    /// <summary>Opens a device; null, after a line of output, when it cannot be opened.</summary>
    public static DeviceHandle? Open(StepContext context, string word)
    {
        if (OpenError(context, word) is not { } error)
            return new DeviceHandle(context, context.World.Node(word)!);
        context.Print($"open {error}");
        return null;
    }

    /// <summary>The errno that opening a device gives; null for none.</summary>
    public static string? OpenError(StepContext context, string word)
    {
        BlockDevice? device = context.World.Node(word);
        if (device is ScenarioDisk disk) return disk.OpenError;
        return device is null ? "ENOENT" : null;
    }

    /// <summary>Memory that does not move.</summary>
    public static byte[] Memory(int length) => GC.AllocateArray<byte>(length, pinned: true);

    /// <summary>pread or pwrite of the whole memory; short at the end of the device.</summary>
    public async Task<IoResult> TransferAsync(bool write, long offset, byte[] memory)
    {
        if (offset < 0) return new IoResult(0, "EINVAL");
        if (memory.Length == 0) return new IoResult(0, null);
        long length = Math.Min(memory.Length, Device.SizeBytes - offset);
        if (length <= 0) return new IoResult(0, write ? "ENOSPC" : null);
        if (((offset | length) & (Device.Limits.LogicalBlockSize - 1)) != 0)
            return new IoResult(0, "EINVAL");
        BlockOperation operation = write ? BlockOperation.Write : BlockOperation.Read;
        BlockStatus status = await SubmitAsync(operation, offset, length, memory, length);
        return status == BlockStatus.Ok
            ? new IoResult(length, null)
            : new IoResult(0, status.ErrnoName());
    }

    public Task<BlockStatus> FlushAsync() => SubmitAsync(BlockOperation.Flush, 0, 0, null, 1);

    /// <summary>An operation without data, or a write of zeroes.</summary>
    public Task<BlockStatus> RangeAsync(BlockOperation operation, long offset, long length) =>
        operation == BlockOperation.Write
            ? SubmitAsync(
                operation, offset, length, Memory(MaxZeroBio), MaxZeroBio, segmentBytes: PageSize)
            : SubmitAsync(operation, offset, length, null, long.MaxValue);

    public void Dispose() => Device.Close();

    /// <summary>
    /// Submits a range as bios of at most that length, all in one plug. Memory that is shorter than
    /// the range is used again and again.
    /// </summary>
    private Task<BlockStatus> SubmitAsync(
        BlockOperation operation, long offset, long length, byte[]? memory, long most,
        int segmentBytes = 0)
    {
        var waiter = new BioWaiter();
        World.Loop.RunsOn = Cpu;
        long done = 0;
        do
        {
            long part = Math.Min(most, length - done);
            int start = memory is null ? 0 : (int)(done % memory.Length);
            waiter.Submit(Device, operation, offset + done, part, memory, start, segmentBytes);
            done += part;
        }
        while (done < length);
        return waiter.Task;
    }
}

/// <summary>Waits for bios, and has the first error of them.</summary>
internal sealed unsafe class BioWaiter : IBioOwner
{
    private readonly TaskCompletionSource<BlockStatus> _done = new();

    /// <summary>What the bios have the address of, which does not keep it.</summary>
    private readonly HashSet<byte[]> _memory = [];
    private BlockStatus _status;

    /// <summary>Bios that have not ended; one extra until somebody waits.</summary>
    private int _left = 1;

    /// <summary>Done when all have ended.</summary>
    public Task<BlockStatus> Task
    {
        get
        {
            EndOne();
            return _done.Task;
        }
    }

    /// <param name="device">Where it goes.</param>
    /// <param name="operation">What it is.</param>
    /// <param name="offset">Bytes from the start of the device.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="memory">Pinned; null for an operation without data.</param>
    /// <param name="start">Where its data begins in the memory.</param>
    /// <param name="segmentBytes">Of each piece that the memory is in; 0 for one piece.</param>
    public void Submit(
        BlockDevice device, BlockOperation operation, long offset, long length, byte[]? memory,
        int start, int segmentBytes = 0)
    {
        _left++;
        if (memory is not null) _memory.Add(memory);
        var bio = new Bio(this)
        {
            Operation = operation,
            Offset = offset,
            Length = length,
            SegmentBytes = segmentBytes,
            Data = memory is null
                ? null
                : (byte*)System.Runtime.InteropServices.Marshal
                    .UnsafeAddrOfPinnedArrayElement(memory, start),
        };
        device.Submit(bio);
    }

    public void EndBio(Bio bio)
    {
        if (_status == BlockStatus.Ok) _status = bio.Status;
        EndOne();
    }

    private void EndOne()
    {
        if (--_left == 0) _done.SetResult(_status);
    }
}
