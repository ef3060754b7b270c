// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;

namespace Braid.Daemon;

/// <summary>
/// Makes, changes and removes maps while others serve I/O, and sees to it that what clients were
/// promised is kept: a table that would break it does not go live. On the loop.
/// </summary>
public sealed class MapChanges
{
    /// <summary>Maps at the same time: each has the memory of its tags.</summary>
    private const int MaxMaps = 256;

    /// <summary>Suspends and resumes of one map that may wait for each other.</summary>
    private const int MaxTransitions = 16;

    private readonly MapStack _stack;

    internal MapChanges(MapStack stack) => _stack = stack;

    private DeviceManager Devices => _stack.Devices;

    /// <summary>Makes a map from a table, live, and exports it.</summary>
    /// <exception cref="MapException">The name or an address cannot be had.</exception>
    /// <exception cref="MapperException">Nor the device.</exception>
    public MappedDevice Create(string name, string table, IReadOnlyList<ExportUri> exports)
    {
        RequireFree(name);
        if (Devices.All.Count >= MaxMaps)
            throw new MapException($"there are {MaxMaps} maps already");
        MappedDevice map = Devices.Create(name, table);
        try
        {
            _stack.Exports.Add(map, exports);
        }
        catch (MapException)
        {
            _stack.Exports.Remove(map);
            Devices.Remove(name);
            throw;
        }
        OnTableLive();
        return map;
    }

    /// <summary>Makes the part of a map that one loop has, live; it is exported later.</summary>
    /// <exception cref="MapException">The name cannot be had.</exception>
    /// <exception cref="MapperException">Nor the device.</exception>
    internal void Make(string name, string table, MapChannels channels, int index)
    {
        channels.Join(index, Create(name, table, []));
    }

    /// <summary>Why a map cannot be removed now; null when it can.</summary>
    /// <exception cref="MapperException">There is none.</exception>
    internal string? WhyInUse(string name)
    {
        MappedDevice map = Devices.Get(name);
        if (map.OpenCount > 0) return $"{name} is in use by {UsersOf(map)}";
        if (map.InFlight > 0) return $"{name} has I/O that has not ended";
        return map.IsInTransition ? $"{name} is being suspended or resumed" : null;
    }

    /// <summary>What the next resume of a map would do.</summary>
    internal MapOutlook Outlook(string name)
    {
        // It may have been removed or renamed since somebody asked for the resume.
        if (!Devices.Has(name)) return new MapOutlook(false, null, $"no device '{name}'", null);
        MappedDevice map = Devices.Get(name);
        TableException? problem = map.InactiveProblem();
        string? objection = problem is null && map.Table is not null ? ObjectionTo(map) : null;
        return new MapOutlook(
            map.IsSuspended, map.InactiveTable?.Describe(), problem?.Message, objection);
    }

    /// <summary>Suspends a map; what fails meanwhile is kept without a flush.</summary>
    public void Suspend(string name, bool noFlush, Action<MapperException?> done) =>
        Changeable(name).Suspend(noFlush, done);

    /// <summary>
    /// Lets I/O go on, with the inactive table if there is one. Gets the reason when that could not
    /// go live.
    /// </summary>
    public void Resume(string name, bool noFlush, Action<string?> done)
    {
        MappedDevice map = Changeable(name);
        bool isOther = map.InactiveTable is not null;
        map.Resume(noFlush, problem =>
        {
            if (isOther && problem is null) _stack.OnTableLive(map);
            OnTableLive();
            string after = map.IsSuspended ? "is still suspended" : "goes on with the old one";
            done(problem is null
                ? null
                : $"{problem.Message}; the new table is dropped, {map.Name} {after}");
        });
    }

    /// <summary>Removes a map that nobody uses, and its exports.</summary>
    /// <exception cref="MapException">It is in use.</exception>
    public void Remove(string name)
    {
        MappedDevice map = Devices.Get(name);
        if (map.OpenCount > 0) throw new MapException($"{name} is in use by {UsersOf(map)}");
        _stack.Exports.Remove(map);
        Devices.Remove(name);
        RenewPromises();
    }

    public void Rename(string name, string newName)
    {
        RequireFree(newName);
        Devices.Rename(name, newName);
    }

    /// <summary>Each path is asked for what the maps above it have promised.</summary>
    internal void RenewPromises()
    {
        var promises = new Dictionary<BlockDevice, (List<QueueLimits> Limits, long End)>();
        foreach (MappedDevice map in Devices.All)
        {
            foreach (DeviceRange range in map.Table?.Ranges ?? [])
            {
                (List<QueueLimits> limits, long end) =
                    promises.GetValueOrDefault(range.Device, ([], 0));
                if (!limits.Contains(map.Limits)) limits.Add(map.Limits);
                promises[range.Device] = (limits, Math.Max(end, EndOf(range)));
            }
        }
        foreach (PathDevice path in _stack.Paths.All)
        {
            (List<QueueLimits> limits, long end) = promises.GetValueOrDefault(path, ([], 0));
            path.Promise(limits, end);
        }
    }

    /// <summary>
    /// Why a table with that size and those limits must not go live: I/O that waits in the map was
    /// made for the old limits, a client was told of them, a map above was made over them.
    /// </summary>
    internal string? Objection(MappedDevice map, long sizeBytes, QueueLimits limits)
    {
        if (map.InFlight > 0 && map.Limits.Exceeds(limits) is { } lack)
            return $"the new table cannot take the I/O that waits in {map.Name}: {lack}";
        if (_stack.Exports.Objection(map, sizeBytes, limits) is { } told) return told;
        foreach (MappedDevice above in Devices.Above(map))
        {
            // Tables in waiting rely on nothing yet.
            DeviceRange[] used =
                [.. (above.Table?.Ranges ?? []).Where(range => range.Device == map)];
            if (used.Any(range => EndOf(range) > sizeBytes))
                return $"{above.Name} uses more of {map.Name} than {sizeBytes} bytes";
            if (used.Length > 0 && above.Limits.Exceeds(limits) is { } problem)
                return $"{above.Name} was made for a better {map.Name}: {problem}";
        }
        return null;
    }

    /// <summary>Of a path that was never reached, a table may use what no path can have.</summary>
    private static long EndOf(DeviceRange range) =>
        range.Offset + Math.Min(range.Length, long.MaxValue - range.Offset);

    private string? ObjectionTo(MappedDevice map) => map.InactiveTable is { } table
        ? Objection(map, table.SizeBytes, map.InactiveLimits())
        : null;

    private void OnTableLive()
    {
        RenewPromises();
        _stack.Paths.FailThoseDown();
        _stack.Exports.Refresh();
    }

    private MappedDevice Changeable(string name)
    {
        MappedDevice map = Devices.Get(name);
        if (map.Transitions < MaxTransitions) return map;
        throw new MapException($"{name}: {MaxTransitions} suspends and resumes wait already");
    }

    private void RequireFree(string name)
    {
        MapNames.Require(name);
        if (_stack.Paths.All.Any(path => path.Name == name))
            throw new MapException($"there is a path {name} already");
    }

    private string UsersOf(MappedDevice map)
    {
        IEnumerable<string> maps = Devices.Above(map).Select(above => $"map {above.Name}");
        IEnumerable<string> clients =
            _stack.Exports.ClientsOf(map).Select(client => $"client {client}");
        return string.Join(", ", maps.Concat(clients));
    }
}
