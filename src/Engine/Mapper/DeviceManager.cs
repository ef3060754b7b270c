// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;

namespace Braid.Mapper;

/// <summary>
/// The mapped devices of a loop by name, and what `dmsetup` does with them (drivers/md/dm-ioctl.c).
/// A device is also a device that tables of others may name. Loop's thread only.
/// </summary>
public sealed class DeviceManager : IDeviceResolver
{
    private readonly Dictionary<string, MappedDevice> _devices = new(StringComparer.Ordinal);
    private readonly IoLoop _loop;
    private readonly TableParser _parser;
    private readonly IDeviceResolver _paths;
    private readonly QueueOptions _options;
    private readonly IMapObserver _observer;

    /// <param name="loop">The loop of all devices.</param>
    /// <param name="types">Targets that tables may have.</param>
    /// <param name="paths">Finds devices that are not mapped ones.</param>
    /// <param name="options">Of the queues of request-based devices.</param>
    /// <param name="observer">Hears of all of them.</param>
    public DeviceManager(
        IoLoop loop, IReadOnlyList<ITargetType> types, IDeviceResolver paths, QueueOptions options,
        IMapObserver observer)
    {
        _loop = loop;
        _paths = paths;
        _options = options;
        _observer = observer;
        _parser = new TableParser(types, this);
    }

    /// <summary>All devices, by name.</summary>
    public IReadOnlyList<MappedDevice> All { get; private set; } = [];

    /// <summary>The mapped device of that name.</summary>
    /// <exception cref="DeviceNameException">There is none.</exception>
    public MappedDevice Get(string name) =>
        _devices.GetValueOrDefault(name) ?? throw new DeviceNameException($"no device '{name}'");

    public bool Has(string name) => _devices.ContainsKey(name);

    /// <summary>A mapped device or a path, for a table.</summary>
    public BlockDevice Find(string name) =>
        _devices.TryGetValue(name, out MappedDevice? device) ? device : _paths.Find(name);

    /// <summary>The devices whose tables, live or inactive, use one.</summary>
    public IEnumerable<MappedDevice> Above(BlockDevice device) => All.Where(above =>
        above.Table?.Devices.Contains(device) is true
        || above.InactiveTable?.Devices.Contains(device) is true);

    /// <summary>
    /// Makes a device and has its table live. Without the table there is no device.
    /// </summary>
    /// <exception cref="DeviceNameException">The name is taken.</exception>
    /// <exception cref="TableException">The table cannot be loaded.</exception>
    public MappedDevice Create(string name, string table)
    {
        RequireFree(name);
        // Under its name only when it is there: a table cannot name the device that it makes.
        MappedDevice device = MappedDevice.Create(
            _loop, name, host => _parser.Parse(table, host), _options, _observer);
        device.Number = FreeNumber();
        _devices.Add(name, device);
        Sort();
        return device;
    }

    /// <summary>Puts a table into the inactive slot.</summary>
    /// <exception cref="TableException">It cannot be loaded.</exception>
    public void Load(string name, string text)
    {
        MappedDevice device = Get(name);
        device.Load(_parser.Parse(text, device));
    }

    /// <summary>Takes a device down.</summary>
    /// <exception cref="DeviceBusyException">It is in use.</exception>
    public void Remove(string name)
    {
        Get(name).Remove();
        _devices.Remove(name);
        Sort();
    }

    /// <exception cref="DeviceNameException">No such device, or the new name is taken.</exception>
    public void Rename(string name, string newName)
    {
        MappedDevice device = Get(name);
        RequireFree(newName);
        _devices.Remove(name);
        device.Rename(newName);
        _devices.Add(newName, device);
        Sort();
    }

    private void Sort() => All =
        [.. _devices.Values.OrderBy(device => device.Name, StringComparer.Ordinal)];

    private int FreeNumber()
    {
        int number = 0;
        while (_devices.Values.Any(device => device.Number == number)) number++;
        return number;
    }

    private void RequireFree(string name)
    {
        if (_devices.ContainsKey(name))
            throw new DeviceNameException($"there is a device '{name}' already");
    }
}
