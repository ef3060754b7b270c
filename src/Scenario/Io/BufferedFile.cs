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

    /// <summary>Reads all of the run, each page once.</summary>
    public async Task ReadAsync()
    {
        for (int i = 0; i < run.Count; i++)
        {
            long end = run.Offset(i) + run.Length;
            run.Errors[i] = end > device.Device.SizeBytes ? "EIO" : null;
            for (long page = PageOf(run.Offset(i)); page < end; page += PageSize)
                run.Errors[i] ??= await FillAsync(page);
        }
    }

    private static long PageOf(long offset) => offset / PageSize * PageSize;

    private long LengthOf(long page) => Math.Min(PageSize, device.Device.SizeBytes - page);

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
