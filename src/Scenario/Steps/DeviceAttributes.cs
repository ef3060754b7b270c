// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;

namespace Braid.Scenario;

/// <summary>Files of a device's folder in /sys/block.</summary>
internal static class DeviceAttributes
{
    private const string SchedulerFile = "queue/scheduler";
    private const string Deadline = "mq-deadline";
    private const string None = "none";

    public static string Read(BlockDevice device, string file) => file switch
    {
        SchedulerFile => Scheduler(device),
        "size" => $"{device.SizeBytes / Table.SectorSize}",
        "ro" => device.Limits.ReadOnly ? "1" : "0",
        "queue/logical_block_size" => $"{device.Limits.LogicalBlockSize}",
        "queue/max_sectors_kb" => $"{device.Limits.MaxBytes / 1024}",
        "queue/max_segments" => $"{device.Limits.MaxSegments}",
        "queue/discard_max_bytes" => $"{DiscardBytes(device)}",
        "queue/write_cache" => device.Limits.WriteCache ? "write back" : "write through",
        "queue/fua" => device.Limits is { WriteCache: true, Fua: true } ? "1" : "0",
        _ => throw new StepException($"{device.Name} has no file {file}"),
    };

    public static void Write(BlockDevice device, string file, string value)
    {
        if (file != SchedulerFile) throw new StepException($"{file} cannot be written");
        if (device.Queue is not { } queue) return;
        queue.Scheduler = value switch
        {
            Deadline => SchedulerKind.Deadline,
            None => SchedulerKind.None,
            _ => throw new StepException($"no scheduler '{value}'"),
        };
    }

    /// <summary>In whole blocks, as the kernel keeps them in sectors.</summary>
    private static long DiscardBytes(BlockDevice device) =>
        device.Limits.MaxDiscardBytes / Table.SectorSize * Table.SectorSize;

    private static string Scheduler(BlockDevice device) => device.Queue?.Scheduler switch
    {
        SchedulerKind.Deadline => $"[{Deadline}] {None}",
        SchedulerKind.None => $"[{None}] {Deadline} ",
        _ => None,
    };
}
