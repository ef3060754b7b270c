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

    public static string Read(ScenarioWorld world, BlockDevice device, string file) =>
        world.Attributes.GetValueOrDefault((device.Name, file))
        ?? ReadLimit(device, file) ?? ReadQueue(device, file) ?? ReadDevice(device, file)
        ?? throw new StepException($"{device.Name} has no file {file}");

    public static void Write(ScenarioWorld world, BlockDevice device, string file, string value)
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
                world.Attributes[(device.Name, file)] =
                    value == NoMerges ? NoMerges : StepNumbers.ReadCount(value) == 0 ? "0" : "1";
                break;
            case "queue/max_sectors_kb" when queue is not null:
                queue.Limits = queue.Limits with { MaxBytes = MaxBytes(device, value) };
                break;
            case "queue/max_sectors_kb" when device is MappedDevice:
                // Bios are not cut above the devices below.
                world.Attributes[(device.Name, file)] = $"{MaxBytes(device, value) / KiB}";
                break;
            case "queue/nr_requests" when queue is not null:
                world.Attributes[(device.Name, file)] = $"{RequestsWanted(device, value)}";
                break;
            default:
                throw new StepException($"{file} cannot be written");
        }
    }

    private static string? ReadLimit(BlockDevice device, string file)
    {
        QueueLimits limits = device.Queue?.Limits ?? device.Limits;
        return file switch
        {
            "queue/physical_block_size" or "queue/logical_block_size" or "queue/hw_sector_size"
                or "queue/minimum_io_size" => $"{limits.LogicalBlockSize}",
            "queue/max_sectors_kb" => HasNoDevices(device)
                ? $"{uint.MaxValue / 2}" : $"{limits.MaxBytes / KiB}",
            "queue/max_hw_sectors_kb" => $"{HardwareMaxBytes(device) / KiB}",
            "queue/max_segments" => $"{limits.MaxSegments}",
            "queue/max_segment_size" => "65536",
            "queue/dma_alignment" => "511",
            "queue/discard_granularity" =>
                limits.MaxDiscardBytes > 0 ? $"{limits.LogicalBlockSize}" : "0",
            "queue/discard_max_bytes" or "queue/discard_max_hw_bytes" =>
                $"{InSectors(limits.MaxDiscardBytes)}",
            "queue/max_discard_segments" => "1",
            "queue/write_zeroes_max_bytes" => $"{InSectors(limits.MaxWriteZeroesBytes)}",
            "queue/write_cache" => limits.WriteCache ? "write back" : "write through",
            "queue/fua" => limits is { WriteCache: true, Fua: true } ? "1" : "0",
            _ => null,
        };
    }

    private static string? ReadQueue(BlockDevice device, string file)
    {
        string hasQueue = device.Queue is null ? "0" : "1";
        return file switch
        {
            "queue/scheduler" => Scheduler(device),
            "queue/nomerges" => "0",
            "queue/nr_requests" => $"{Requests(device)}",
            "queue/iostats" or "queue/rq_affinity" => hasQueue,
            "queue/io_poll" => IsScsi(device) || device is MappedDevice { Queue: not null }
                ? "0" : "1",
            "queue/io_timeout" when device is NullDisk => "5000",
            "queue/io_timeout" when IsScsi(device) => "30000",
            "queue/wbt_lat_usec" when device.Queue is not null => "2000",
            "queue/read_ahead_kb" => "128",
            "queue/zoned" => "none",
            "queue/rotational" or "queue/add_random" or "queue/optimal_io_size"
                or "queue/discard_zeroes_data" or "queue/write_same_max_bytes" or "queue/nr_zones"
                or "queue/chunk_sectors" or "queue/dax" or "queue/stable_writes"
                or "queue/virt_boundary_mask" or "queue/max_integrity_segments" => "0",
            _ => null,
        };
    }

    private static string? ReadDevice(BlockDevice device, string file)
    {
        var map = device as MappedDevice;
        return file switch
        {
            "size" => $"{device.SizeBytes / Table.SectorSize}",
            "ro" => (device.Queue?.Limits ?? device.Limits).ReadOnly ? "1" : "0",
            "removable" or "hidden" or "alignment_offset" or "discard_alignment" => "0",
            "range" => IsScsi(device) ? "16" : "1",
            "ext_range" => map is null ? "256" : "1",
            "capability" => map is null ? "0" : "4",
            "dm/name" => map?.Name.TrimStart('@'),
            "dm/uuid" => map is null ? null : "",
            "dm/suspended" => map is null ? null : map.IsSuspended ? "1" : "0",
            "dm/use_blk_mq" => map is null ? null : "1",
            "dm/rq_based_seq_io_merge_deadline" => map is null ? null : "0",
            _ => null,
        };
    }

    private static bool IsScsi(BlockDevice device) => device is ScsiDisk or Lun;

    /// <summary>A table of targets that stand for themselves: nothing bounds a request.</summary>
    private static bool HasNoDevices(BlockDevice device) =>
        device is MappedDevice { Table: { } table } && !table.Ranges.Any()
        && table.Entries.All(entry => entry.Target.OwnLimits is not null);

    private static long HardwareMaxBytes(BlockDevice device) => device switch
    {
        ScenarioDisk disk => disk.HardwareMaxBytes,
        MappedDevice { Table: { } table } when table.Ranges.Any() =>
            table.Devices.Min(HardwareMaxBytes),
        _ => device.Limits.MaxBytes,
    };

    /// <summary>Twice the depth with a scheduler, up to a bound.</summary>
    private static int Requests(BlockDevice device)
    {
        const int Default = 128;
        const int MapDepth = 2048;
        if (device.Queue is not { } queue) return Default;
        int depth = device is MappedDevice ? MapDepth : queue.Tags.Depth;
        return queue.Scheduler == SchedulerKind.None ? depth : 2 * Math.Min(depth, Default);
    }

    /// <summary>At least 4, and without a scheduler no more than the device has.</summary>
    private static long RequestsWanted(BlockDevice device, string value)
    {
        const long Least = 4;
        long wanted = Math.Max(Least, StepNumbers.ReadCount(value));
        bool fits = device.Queue!.Scheduler != SchedulerKind.None
            || wanted <= Requests(device);
        return fits ? wanted : throw new StepException($"{value} is more than the device takes");
    }

    /// <summary>From a page to what the hardware takes.</summary>
    private static long MaxBytes(BlockDevice device, string value)
    {
        const int Page = 4 * KiB;
        long most = HardwareMaxBytes(device);
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
