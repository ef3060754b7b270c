// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Scenario;

/// <summary>
/// I/O through a page cache: writes make blocks dirty, a sync writes each of them as one bio, all
/// in one plug. A block is a page, or less if the size of the device is no multiple of a page.
/// </summary>
internal sealed class BufferedFile(DeviceHandle device, IoRun run)
{
    private const int PageSize = 4096;

    private readonly int _blockSize = BlockSizeOf(device.Device);

    /// <summary>Dirty blocks by their offset.</summary>
    private readonly SortedDictionary<long, byte[]> _blocks = [];

    /// <summary>Of a page that was asked for: how its read ends.</summary>
    private readonly Dictionary<long, Task<BlockStatus>> _reads = [];

    /// <summary>Pages at which the reader asks for more.</summary>
    private readonly HashSet<long> _marks = [];

    /// <summary>Writes all of the run and syncs. The errno of the sync, or null.</summary>
    public async Task<string?> WriteAndSyncAsync()
    {
        for (int i = 0; i < run.Count; i++)
            run.Errors[i] = await WriteAsync(run.Offset(i), run.Data(i));
        var waiter = new BioWaiter();
        device.World.Loop.RunsOn = device.Cpu;
        foreach ((long block, byte[] memory) in _blocks)
            waiter.Submit(device.Device, BlockOperation.Write, block, _blockSize, memory, 0);
        BlockStatus status = await waiter.Task;
        if (status == BlockStatus.Ok) status = await device.FlushAsync();
        // What a block failed with is not kept: the sync only knows that one did.
        return status == BlockStatus.Ok ? null : "EIO";
    }

    /// <summary>Reads all of the run, with what is read ahead of it.</summary>
    public async Task ReadAsync()
    {
        var ahead = new Readahead();
        for (int i = 0; i < run.Count; i++)
        {
            long end = run.Offset(i) + run.Length;
            if (run.Length == 0) continue;
            run.Errors[i] = end > device.Device.SizeBytes ? "EIO" : null;
            long last = (Math.Min(end, device.Device.SizeBytes) + PageSize - 1) / PageSize;
            for (long page = run.Offset(i) / PageSize; page < last; page++)
            {
                if (!_reads.ContainsKey(page) || _marks.Remove(page))
                    await SubmitAsync(ahead.Next(page, last - page));
                if (await _reads[page] != BlockStatus.Ok) run.Errors[i] = "EIO";
                ahead.Previous = page + 1;
            }
        }
    }

    /// <summary>
    /// The largest block up to a page that the size is a multiple of (set_init_blocksize).
    /// </summary>
    private static int BlockSizeOf(BlockDevice device)
    {
        int size = device.Limits.LogicalBlockSize;
        while (size < PageSize && (device.SizeBytes & size) == 0) size <<= 1;
        return size;
    }

    /// <summary>
    /// Asks for a window, up to the end of the device, as one bio in a plug of its own.
    /// </summary>
    private Task SubmitAsync(ReadWindow window)
    {
        long end = Math.Min((window.Start + window.Count) * PageSize, device.Device.SizeBytes);
        long length = end - (window.Start * PageSize);
        if (length <= 0) return Task.CompletedTask;
        var waiter = new BioWaiter();
        device.World.Loop.RunsOn = device.Cpu;
        waiter.Submit(
            device.Device, BlockOperation.Read, window.Start * PageSize, length,
            DeviceHandle.Memory((int)length), 0);
        Task<BlockStatus> read = waiter.Task;
        for (long page = window.Start; page * PageSize < end; page++) _reads.TryAdd(page, read);
        if (window.Mark >= 0) _marks.Add(window.Mark);
        return device.World.SleepAsync(0);
    }

    private async Task<string?> WriteAsync(long offset, byte[] data)
    {
        long end = offset + data.Length;
        if (end > device.Device.SizeBytes) return "ENOSPC";
        for (long block = offset - (offset % _blockSize); block < end; block += _blockSize)
        {
            bool isWhole = block >= offset && block + _blockSize <= end;
            string? error = isWhole ? null : await FillAsync(block);
            if (error is not null) return error;
            if (!_blocks.ContainsKey(block)) _blocks[block] = DeviceHandle.Memory(_blockSize);
            long from = Math.Max(block, offset);
            long to = Math.Min(block + _blockSize, end);
            Array.Copy(data, from - offset, _blocks[block], from - block, to - from);
        }
        return null;
    }

    /// <summary>Has a block in memory; the errno when it could not be read.</summary>
    private async Task<string?> FillAsync(long block)
    {
        if (_blocks.ContainsKey(block)) return null;
        byte[] memory = DeviceHandle.Memory(_blockSize);
        var waiter = new BioWaiter();
        device.World.Loop.RunsOn = device.Cpu;
        waiter.Submit(device.Device, BlockOperation.Read, block, _blockSize, memory, 0);
        BlockStatus status = await waiter.Task;
        if (status != BlockStatus.Ok) return "EIO";
        _blocks[block] = memory;
        return null;
    }
}
