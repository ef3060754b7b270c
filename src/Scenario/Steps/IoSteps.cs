// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Scenario;

/// <summary>Steps that do I/O, as a program with O_DIRECT would.</summary>
internal static class IoSteps
{
    private const int SectorSize = 512;

    /// <summary>Most I/Os of one step, and most bytes of all of them together.</summary>
    private const long MaxCount = 4096;
    private const long MaxBytes = 256 << 20;

    /// <summary>The status of a program that was not given what it needs.</summary>
    private const int Misused = 2;

    /// <summary>The threads of `io wt` begin so far apart.</summary>
    private const long ThreadNs = 3_000_000;

    /// <summary>io_submit plugs only when it is given more I/Os than this.</summary>
    private const int PlugThreshold = 2;

    public static Task<int> Write(StepContext context, string[] words) =>
        OneAsync(context, words, write: true);

    public static Task<int> Read(StepContext context, string[] words) =>
        OneAsync(context, words, write: false);

    /// <summary>OP NAME SECTOR NSECT COUNT.</summary>
    public static async Task<int> Many(StepContext context, string[] words)
    {
        if (words.Length < 5) return Misused;
        string op = words[0];
        bool write = op[0] == 'w';
        if (op.Length == 1) return await OneAsync(context, words[1..], write);
        long count = StepNumbers.ReadLikeC(words[4]);
        if (count is < 0 or > MaxCount) return Misused;
        int length = Length(words[3], count);
        using DeviceHandle? device = DeviceHandle.Open(context, words[1]);
        if (device is null) return 1;
        var run = new IoRun(device, write, Sector(words[2]), length, (int)count);
        switch (op[1])
        {
            case 'n':
                await run.OneByOneAsync();
                break;
            case 'p' or 's' when count == 0:
                context.Print("io_setup EINVAL");
                return Misused;
            case 'p' when count > PlugThreshold:
                await run.PluggedAsync();
                break;
            case 'p' or 's':
                await run.SpacedAsync(0);
                break;
            case 't':
                await run.SpacedAsync(ThreadNs);
                break;
            case 'b':
                return await BufferedAsync(context, device, run);
            default:
                return Misused;
        }
        return Tally(context, run);
    }

    public static async Task<int> Flush(StepContext context, string[] words)
    {
        using DeviceHandle? device = DeviceHandle.Open(context, words[0]);
        if (device is null) return 1;
        return Report(context, await device.FlushAsync());
    }

    public static async Task<int> Discard(StepContext context, string[] words)
    {
        using DeviceHandle? device = DeviceHandle.Open(context, words[0]);
        if (device is null) return 1;
        if (device.Device.Limits.MaxDiscardBytes == 0)
            return Report(context, BlockStatus.NotSupported);
        return await RangeAsync(context, device, words, BlockOperation.Discard);
    }

    /// <summary>Write zeroes where the device can, else plain zeroes (BLKZEROOUT).</summary>
    public static async Task<int> ZeroOut(StepContext context, string[] words)
    {
        using DeviceHandle? device = DeviceHandle.Open(context, words[0]);
        if (device is null) return 1;
        BlockOperation operation = device.Device.Limits.MaxWriteZeroesBytes > 0
            ? BlockOperation.WriteZeroes
            : BlockOperation.Write;
        return await RangeAsync(context, device, words, operation);
    }

    public static Task<int> Size(StepContext context, string[] words)
    {
        if (DeviceHandle.OpenError(context, words[0]) is { } error)
            throw new StepException($"cannot open '{words[0]}': {error}");
        context.Print($"{context.World.Node(words[0])!.SizeBytes / SectorSize}");
        return Task.FromResult(0);
    }

    private static async Task<int> OneAsync(StepContext context, string[] words, bool write)
    {
        if (words.Length < 4) return Misused;
        using DeviceHandle? device = DeviceHandle.Open(context, words[0]);
        if (device is null) return 1;
        long sector = Sector(words[1]);
        int length = Length(words[2], 1);
        long seed = StepNumbers.ReadLikeC(words[3]);
        byte[] memory = DeviceHandle.Memory(length);
        byte[] pattern = Pattern.Make(length, sector, seed);
        if (write) pattern.CopyTo(memory, 0);
        else Array.Fill(memory, (byte)0xee);
        long offset = unchecked(sector * SectorSize);
        IoResult result = await device.TransferAsync(write, offset, memory);
        if (result.Error is { } error)
        {
            context.Print($"error {error}");
            return 1;
        }
        if (result.Length != length)
        {
            context.Print($"short {result.Length}");
            return 1;
        }
        string verdict = write ? "ok" : Pattern.Compare(memory, pattern);
        context.Print(verdict);
        return verdict is "ok" or "ok match" ? 0 : 3;
    }

    private static async Task<int> BufferedAsync(
        StepContext context, DeviceHandle device, IoRun run)
    {
        var file = new BufferedFile(device, run);
        if (!run.IsWrite)
        {
            await file.ReadAsync();
            return Tally(context, run);
        }
        if (await file.WriteAndSyncAsync() is { } error)
        {
            context.Print($"fsync {error}");
            return 1;
        }
        return Tally(context, run);
    }

    private static async Task<int> RangeAsync(
        StepContext context, DeviceHandle device, string[] words, BlockOperation operation)
    {
        long offset = unchecked(Sector(words[1]) * SectorSize);
        long length = StepNumbers.ReadCount(words[2]) * SectorSize;
        long size = device.Device.SizeBytes;
        bool isWithin = length > 0 && offset >= 0 && length <= size && offset <= size - length;
        if (!isWithin) return Report(context, BlockStatus.Invalid);
        return Report(context, await device.RangeAsync(operation, offset, length));
    }

    private static long Sector(string word) => StepNumbers.ReadLikeC(word);

    /// <summary>Bytes of each of so many I/Os.</summary>
    private static int Length(string word, long count)
    {
        long sectors = StepNumbers.ReadLikeC(word);
        long max = MaxBytes / SectorSize / Math.Max(1, count);
        if (sectors >= 0 && sectors <= max) return (int)sectors * SectorSize;
        throw new StepException(count > 1
            ? $"{count} I/Os have 0 to {max} sectors each, not {sectors}"
            : $"an I/O has 0 to {max} sectors, not {sectors}");
    }

    private static int Report(StepContext context, BlockStatus status)
    {
        bool isOk = status == BlockStatus.Ok;
        context.Print(isOk ? "ok" : $"error {status.ErrnoName()}");
        return isOk ? 0 : 1;
    }

    /// <summary>How many were good, and the error of the last that was not.</summary>
    private static int Tally(StepContext context, IoRun run)
    {
        string[] errors = [.. run.Errors.OfType<string>()];
        int good = run.Count - errors.Length;
        context.Print(errors.Length == 0
            ? $"ok={good}"
            : $"ok={good} failed={errors.Length} {errors[^1]}");
        return errors.Length == 0 ? 0 : 1;
    }
}
