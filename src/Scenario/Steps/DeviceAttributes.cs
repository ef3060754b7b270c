// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;

namespace Braid.Scenario;

/// <summary>Files of a device's folder in /sys/block.</summary>
internal static class DeviceAttributes
{
    private const string Deadline = "mq-deadline";
    private const string None = "none";
    private const int KiB = 1024;

    /// <summary>Nothing is merged any more; 1 leaves all that matters here.</summary>
    private const string NoMerges = "2";

    public static string Read(BlockDevice device, string file)
    {
        QueueLimits limits = device.Queue?.Limits ?? device.Limits;
        return file switch
        {
            "size" => $"{device.SizeBytes / Table.SectorSize}",
            "ro" => limits.ReadOnly ? "1" : "0",
            "queue/scheduler" => Scheduler(device),
            "queue/nomerges" => device.Queue is { NoMerges: true } ? NoMerges : "0",
            "queue/nr_requests" => $"{Requests(device)}",
            "queue/physical_block_size" or "queue/logical_block_size" =>
                $"{limits.LogicalBlockSize}",
            "queue/max_sectors_kb" => $"{limits.MaxBytes / KiB}",
            "queue/max_segments" => $"{limits.MaxSegments}",
            "queue/discard_granularity" =>
                limits.MaxDiscardBytes > 0 ? $"{limits.LogicalBlockSize}" : "0",
            "queue/discard_max_bytes" => $"{InSectors(limits.MaxDiscardBytes)}",
            "queue/write_zeroes_max_bytes" => $"{InSectors(limits.MaxWriteZeroesBytes)}",
            "queue/write_cache" => limits.WriteCache ? "write back" : "write through",
            "queue/fua" => limits is { WriteCache: true, Fua: true } ? "1" : "0",
            _ => throw new StepException($"{device.Name} has no file {file}"),
        };
    }

    public static void Write(BlockDevice device, string file, string value)
    {
        RequestQueue? queue = device.Queue;
        switch (file)
        {
            case "queue/scheduler":
                // A device that takes bios takes any word here, and does nothing.
                if (queue is not null) queue.Scheduler = SchedulerOf(value);
                break;
            case "queue/nomerges" when queue is not null:
                queue.NoMerges = value == NoMerges;
                break;
            case "queue/max_sectors_kb" when queue is not null:
                queue.Limits = queue.Limits with { MaxBytes = MaxBytes(device, value) };
                break;
            default:
                throw new StepException($"{file} cannot be written");
        }
    }

    /// <summary>Twice the depth with a scheduler, up to a bound.</summary>
    private static int Requests(BlockDevice device)
    {
        const int Default = 128;
        const int MapDepth = 2048;
        if (device.Queue is not { } queue) return Default;
        int depth = device is MappedDevice ? MapDepth : queue.Tags.Depth;
        return queue.Scheduler == SchedulerKind.None ? depth : 2 * Math.Min(depth, Default);
    }

    /// <summary>From a page to what the hardware takes.</summary>
    private static long MaxBytes(BlockDevice device, string value)
    {
        const int Page = 4 * KiB;
        long most = device is ScenarioDisk disk ? disk.HardwareMaxBytes : device.Limits.MaxBytes;
        long bytes = StepNumbers.ReadCount(value) * KiB;
        if (bytes >= Page && bytes <= most) return bytes;
        throw new StepException($"{value} is not {Page / KiB} to {most / KiB}");
    }

    /// <summary>In whole sectors, as the kernel keeps them.</summary>
    private static long InSectors(long bytes) => bytes / Table.SectorSize * Table.SectorSize;

    private static SchedulerKind SchedulerOf(string word) => word switch
    {
        Deadline => SchedulerKind.Deadline,
        None => SchedulerKind.None,
        _ => throw new StepException($"no scheduler '{word}'"),
    };

    private static string Scheduler(BlockDevice device) => device.Queue?.Scheduler switch
    {
        SchedulerKind.Deadline => $"[{Deadline}] {None}",
        SchedulerKind.None => $"[{None}] {Deadline} ",
        _ => None,
    };
}
