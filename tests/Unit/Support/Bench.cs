// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Mapper;
using Braid.Multipath;

namespace Braid.Tests.Unit.Support;

/// <summary>A simulated loop, test devices on it, and mapped devices over them.</summary>
internal sealed class Bench : IMapObserver, IDeviceResolver
{
    private readonly Dictionary<string, BlockDevice> _devices = [];

    public Bench(ulong seed = 1)
    {
        Loop = new SimulatedLoop(seed);
        Types = [.. TargetTypes.All, new MultipathType(() => QueueTimeoutNs)];
    }

    /// <summary>All targets.</summary>
    public IReadOnlyList<ITargetType> Types { get; }

    /// <summary>How long multipath targets queue without a path; 0 for ever.</summary>
    public long QueueTimeoutNs { get; set; }

    public SimulatedLoop Loop { get; }

    public TestOwner Owner { get; } = new();

    /// <summary>Log lines of all maps.</summary>
    public List<string> Log { get; } = [];

    /// <summary>Changes of paths, as "-a 1": failed, 1 left; or "+a 2".</summary>
    public List<string> Changes { get; } = [];

    /// <summary>Adds a device that completes by itself at the end of the turn.</summary>
    public TestDevice Add(
        string name, QueueOptions? options = null, QueueLimits? limits = null,
        long sizeBytes = TestDevice.DefaultBytes)
    {
        var device = new TestDevice(Loop, name, options, limits, sizeBytes) { DelayNs = 0 };
        _devices[name] = device;
        return device;
    }

    public void Add(BlockDevice device) => _devices[device.Name] = device;

    /// <summary>Makes a mapped device from a table; without a scheduler unless asked.</summary>
    public MappedDevice Map(string table, QueueOptions? options = null, string name = "mp") =>
        MappedDevice.Create(
            Loop, name, host => Parse(table, host), options ?? new QueueOptions(), this);

    /// <summary>Makes a mapped device from targets of 1 MiB each, one behind the other.</summary>
    public MappedDevice Map(QueueOptions options, params ITarget[] targets)
    {
        const long Each = 1 << 20;
        IEnumerable<TargetEntry> entries =
            targets.Select((target, i) => new TargetEntry(i * Each, Each, target));
        return MappedDevice.Create(Loop, "mp", _ => new Table(entries), options, this);
    }

    public Table Parse(string table, ITargetHost host) =>
        new TableParser(Types, this).Parse(table, host);

    /// <summary>Puts a table into the inactive slot.</summary>
    public void Load(MappedDevice map, string table) => map.Load(Parse(table, map));

    /// <summary>Suspends without flush, loads a table and makes it live.</summary>
    public void Swap(MappedDevice map, string table)
    {
        map.Suspend(noFlush: true).ShouldBeDone();
        Load(map, table);
        map.Resume().ShouldBeDone();
    }

    public BlockDevice Find(string name) =>
        _devices.TryGetValue(name, out BlockDevice? device)
            ? device
            : throw new TableException($"no device {name}");

    /// <summary>Submits a write and runs all turns that need no time.</summary>
    public Bio Write(BlockDevice device, long offset = 0, long length = 4096)
    {
        Bio bio = device.Give(Owner.Write(offset, length));
        Loop.Settle();
        return bio;
    }

    public void OnLog(MappedDevice map, string text) => Log.Add(text);

    public void OnPathChanged(MappedDevice map, BlockDevice path, bool isActive, int validPaths) =>
        Changes.Add($"{(isActive ? '+' : '-')}{path.Name} {validPaths}");
}

internal static class DeviceExtensions
{
    /// <summary>Submits a bio and returns it.</summary>
    public static Bio Give(this BlockDevice device, Bio bio)
    {
        device.Submit(bio);
        return bio;
    }

    public static void Message(this MappedDevice map, string text) => map.Message(text.Split(' '));

    public static MultipathTarget Multipath(this MappedDevice map) =>
        (MultipathTarget)map.Table!.Entries[0].Target;
}
