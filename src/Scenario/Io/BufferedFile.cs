// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Scenario;

/// <summary>
/// I/O through a page cache: writes make pages dirty, a sync writes each of them as one bio, all in
/// one plug.
/// </summary>
internal sealed class BufferedFile(DeviceHandle device, IoRun run)
{
    private const int PageSize = 4096;

    private readonly SortedDictionary<long, byte[]> _pages = [];

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
        foreach ((long page, byte[] memory) in _pages)
            waiter.Submit(
                device.Device, BlockOperation.Write, page, LengthOf(page), memory, 0);
        BlockStatus status = await waiter.Task;
        if (status == BlockStatus.Ok) status = await device.FlushAsync();
        // What a page failed with is not kept: the sync only knows that one did.
        return status == BlockStatus.Ok ? null : "EIO";
    }

    /// <summary>Reads all of the run, with what is read ahead of it.</summary>
    public async Task ReadAsync()
    {
        var ahead = new Readahead();
        for (int i = 0; i < run.Count; i++)
        {
            long end = run.Offset(i) + run.Length;
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

    private static long PageOf(long offset) => offset / PageSize * PageSize;

    private long LengthOf(long page) => Math.Min(PageSize, device.Device.SizeBytes - page);

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
        for (long page = PageOf(offset); page < end; page += PageSize)
        {
            bool isWhole = page >= offset && page + LengthOf(page) <= end;
            string? error = isWhole ? null : await FillAsync(page);
            if (error is not null) return error;
            if (!_pages.ContainsKey(page)) _pages[page] = DeviceHandle.Memory(PageSize);
            long from = Math.Max(page, offset);
            long to = Math.Min(page + PageSize, end);
            Array.Copy(data, from - offset, _pages[page], from - page, to - from);
        }
        return null;
    }

    /// <summary>Has a page in memory; the errno when it could not be read.</summary>
    private async Task<string?> FillAsync(long page)
    {
        if (_pages.ContainsKey(page)) return null;
        byte[] memory = DeviceHandle.Memory(PageSize);
        var waiter = new BioWaiter();
        device.World.Loop.RunsOn = device.Cpu;
        waiter.Submit(device.Device, BlockOperation.Read, page, LengthOf(page), memory, 0);
        BlockStatus status = await waiter.Task;
        if (status != BlockStatus.Ok) return "EIO";
        _pages[page] = memory;
        return null;
    }
}
