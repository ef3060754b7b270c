// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Transports.Memory;

namespace Braid.Scenario;

/// <summary>Steps that make disks and change what they do.</summary>
internal static class DiskSteps
{
    private const long MiB = 1 << 20;
    private const long DefaultMiB = 16;

    /// <summary>Largest disk of a scenario.</summary>
    private const long MaxMiB = 1024;

    /// <summary>A jiffy of the kernel that was recorded (HZ=250).</summary>
    private const long JiffyNs = 4_000_000;

    /// <summary>The slowest disk takes an hour.</summary>
    private const long MaxDelayNs = 3_600_000_000_000;

    private const long Unlimited = uint.MaxValue;

    /// <summary>NAME null|ram [SETTING=VALUE...].</summary>
    public static Task<int> Disk(StepContext context, string[] words)
    {
        string name = ScenarioWorld.Mark(words[0]);
        if (context.World.HasDisk(name)) throw new StepException($"there is a disk '{words[0]}'");
        Dictionary<string, string> settings = StepNumbers.Settings(words[2..]);
        MemoryStore store = Store(context, words[0], Take(settings, "size", DefaultMiB));
        DiskSettings disk = NullSettings(settings);
        if (settings.Count > 0)
            throw new StepException($"a disk has no setting {settings.Keys.First()}");
        context.World.Add(words[1] == "ram"
            ? new RamDisk(context.World.Loop, name, store, disk)
            : new NullDisk(context.World.Loop, name, store, disk));
        return Done;
    }

    /// <summary>NAME... [SETTING=VALUE...]: disks on one store.</summary>
    public static Task<int> Scsi(StepContext context, string[] words)
    {
        if (context.World.Scsi is not null) throw new StepException("there are SCSI disks already");
        Dictionary<string, string> settings = StepNumbers.Settings(words);
        var options = new ScsiOptions { Options = Take(settings, "opts", 0) };
        context.World.Scsi = options;
        MemoryStore store = Store(context, "scsi", Take(settings, "dev_size_mb", DefaultMiB));
        bool discards = Take(settings, "lbpu", 0) + Take(settings, "lbpws", 0) > 0;
        var disk = new DiskSettings
        {
            Depth = (int)Math.Clamp(Take(settings, "max_queue", 192), 1, 192),
            CompletionNs = TakeUpTo(MaxDelayNs, settings, "ndelay",
                TakeUpTo(MaxDelayNs / JiffyNs, settings, "delay", 0) * JiffyNs),
            Limits = ScsiLimits with { MaxDiscardBytes = discards ? Unlimited : 0 },
        };
        foreach (string name in Names(words))
            context.World.Add(new ScsiDisk(context.World.Loop, name, store, disk, options));
        return Done;
    }

    /// <summary>NAME=STATE... [type=T]: ports of one target, each in a group of its own.</summary>
    public static Task<int> Luns(StepContext context, string[] words)
    {
        Dictionary<string, string> settings = StepNumbers.Settings(words);
        long type = Take(settings, "type", 3);
        MemoryStore store = Store(context, "luns", Take(settings, "mib", DefaultMiB));
        var target = new LunTarget((type & 1) != 0, (type & 2) != 0);
        var disk = new DiskSettings { Limits = ScsiLimits with { MaxBytes = 1280 << 10 } };
        foreach ((string name, string state) in settings)
            context.World.Add(new Lun(
                context.World.Loop, ScenarioWorld.Mark(name), store, disk, target,
                AccessStates.Parse(state)));
        if (!target.IsImplicit)
            throw new StepException("the states cannot be set at a target of that type");
        return Done;
    }

    /// <summary>NAME: every I/O fails. A mapped device gets a table of errors.</summary>
    public static Task<int> Break(StepContext context, string[] words)
    {
        if (context.World.Node(words[0]) is not { } device) return Nothing(context, words[0]);
        if (device is MappedDevice mapped)
        {
            string errors = $"0 {mapped.SizeBytes / Table.SectorSize} error";
            return SwapAsync(context.World.Devices, mapped, errors);
        }
        SetBroken(device, broken: true);
        return Done;
    }

    /// <summary>NAME: works again. A mapped device gets its first table.</summary>
    public static Task<int> Fix(StepContext context, string[] words)
    {
        if (context.World.Node(words[0]) is not { } device) return Nothing(context, words[0]);
        if (device is MappedDevice mapped)
            return SwapAsync(
                context.World.Devices, mapped, context.World.FirstTable(mapped.Name));
        SetBroken(device, broken: false);
        return Done;
    }

    public static Task<int> BadBlocks(StepContext context, string[] words)
    {
        if (Find(context, words[0]) is not INullDisk disk)
            throw new StepException($"'{words[0]}' has no bad blocks");
        disk.BadBlocks.Change(words[1]);
        return Done;
    }

    public static Task<int> Unplug(StepContext context, string[] words)
    {
        if (Find(context, words[0]) is not IUnpluggable disk)
            throw new StepException($"'{words[0]}' cannot be taken away");
        if (disk is ScenarioDisk { IsGone: true })
            throw new StepException($"'{words[0]}' was taken away");
        disk.Unplug();
        return Done;
    }

    public static Task<int> ScsiOption(StepContext context, string[] words)
    {
        if (context.World.Scsi is not { } scsi || words[0] != "opts")
            throw new StepException($"no option {words[0]}");
        scsi.Options = StepNumbers.ReadCount(words[1]);
        return Done;
    }

    /// <summary>NAME [STATE]: the state of its group, or sets it at the target.</summary>
    public static Task<int> Alua(StepContext context, string[] words)
    {
        Lun lun = context.World.Disk<Lun>(words[0]);
        if (words.Length > 1)
        {
            lun.Access = AccessStates.Parse(words[1]);
            return Done;
        }
        string handler = lun.HardwareHandler?.Name ?? "detached";
        context.Print(
            $"{lun.Name} target={lun.Access.Word()} host={lun.KnownState?.HostWord()} "
            + $"handler={handler}");
        return Done;
    }

    /// <summary>MODULE NAME VALUE.</summary>
    public static Task<int> Parameter(StepContext context, string[] words)
    {
        context.World.SetParameter(words[0], words[1], words[2]);
        return Done;
    }

    /// <summary>NAME FILE [VALUE]: a file of the device's /sys/block folder.</summary>
    public static Task<int> Attribute(StepContext context, string[] words)
    {
        BlockDevice device = Find(context, words[0]);
        if (words.Length > 2) DeviceAttributes.Write(context.World, device, words[1], words[2]);
        else context.Print(DeviceAttributes.Read(context.World, device, words[1]));
        return Done;
    }

    private static Task<int> Done => Task.FromResult(0);

    private static Task<int> Nothing(StepContext context, string word)
    {
        context.Print($"braid: no device '{word}'");
        return Done;
    }

    private static QueueLimits ScsiLimits { get; } = new()
    {
        MaxBytes = 512 << 10,
        MaxSegments = 2048,
        WriteCache = true,
        Fua = true,
    };

    private static IEnumerable<string> Names(string[] words) =>
        words.Where(word => !word.Contains('=')).Select(ScenarioWorld.Mark);

    private static BlockDevice Find(StepContext context, string word) =>
        context.World.Node(word) ?? throw new StepException($"no device '{word}'");

    private static MemoryStore Store(StepContext context, string name, long mebibytes)
    {
        if (mebibytes is < 1 or > MaxMiB)
            throw new StepException($"a disk has 1 to {MaxMiB} MiB, not {mebibytes}");
        return context.World.AddStore(name, mebibytes * MiB);
    }

    private static DiskSettings NullSettings(Dictionary<string, string> settings)
    {
        const long SoftMaxSectors = 2560;
        bool usesTimer = Take(settings, "irqmode", 0) == 2;
        long completionNs = TakeUpTo(MaxDelayNs, settings, "completion_nsec", 10_000);
        bool hasCache = Take(settings, "cache_size", 0) > 0;
        long maxSectors = Take(settings, "max_sectors", 0);
        return new DiskSettings
        {
            Depth = (int)Math.Clamp(Take(settings, "hw_queue_depth", 64), 1, 1024),
            Scheduler = SchedulerKind.None,
            CompletionNs = usesTimer ? completionNs : 0,
            HardwareMaxBytes = MaxSectors(maxSectors) * Table.SectorSize,
            Limits = new QueueLimits
            {
                MaxBytes = Math.Min(MaxSectors(maxSectors), SoftMaxSectors) * Table.SectorSize,
                LogicalBlockSize = BlockSize(Take(settings, "blocksize", 512)),
                MaxDiscardBytes = Take(settings, "discard", 0) == 1 ? Unlimited : 0,
                WriteCache = hasCache,
                Fua = hasCache,
            },
        };
    }

    /// <summary>0 stands for the kernel's default; a page is the least.</summary>
    private static long MaxSectors(long wanted)
    {
        const long SafeMaxSectors = 255;
        const long PageSectors = 8;
        return wanted == 0 ? SafeMaxSectors : Math.Max(wanted, PageSectors);
    }

    private static int BlockSize(long wanted)
    {
        const long Page = 4096;
        if (wanted is >= Table.SectorSize and <= Page && long.IsPow2(wanted)) return (int)wanted;
        throw new StepException($"a block has 512, 1024, 2048 or 4096 bytes, not {wanted}");
    }

    /// <summary>A setting, which is then taken care of.</summary>
    private static long Take(Dictionary<string, string> settings, string name, long otherwise) =>
        TakeUpTo(StepNumbers.Max, settings, name, otherwise);

    private static long TakeUpTo(
        long max, Dictionary<string, string> settings, string name, long otherwise) =>
        settings.Remove(name, out string? value)
            ? StepNumbers.ReadUpTo(max, value)
            : otherwise;

    private static void SetBroken(BlockDevice device, bool broken)
    {
        switch (device)
        {
            case ScenarioDisk disk when broken:
                disk.Break();
                break;
            case ScenarioDisk disk:
                disk.Fix();
                break;
            case INullDisk disk:
                disk.BadBlocks.SetAll(broken);
                break;
            default:
                throw new StepException($"{device.Name} cannot be broken");
        }
    }

    /// <summary>Suspends without flush, loads, resumes; stops at what fails.</summary>
    private static async Task<int> SwapAsync(
        DeviceManager devices, MappedDevice device, string table)
    {
        var suspended = new TaskCompletionSource<MapperException?>();
        device.Suspend(noFlush: true, suspended.SetResult);
        if (await suspended.Task is { } busy) throw busy;
        devices.Load(device.Name, table);
        var resumed = new TaskCompletionSource<TableException?>();
        device.Resume(noFlush: false, resumed.SetResult);
        return await resumed.Task is { } problem ? throw problem : 0;
    }
}
