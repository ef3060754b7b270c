// SPDX-License-Identifier: Apache-2.0
using Braid.Mapper;
using Microsoft.Extensions.Logging;

namespace Braid.Daemon;

/// <summary>
/// What the log and the events tell of paths that several loops use: each has failed when it has on
/// the first of them, and is reinstated when it is on the last. Whoever then takes another path
/// away takes it from no loop that has no other. On the lead's loop.
/// </summary>
internal sealed class PathNews(MapStack lead, ILogger logger)
{
    /// <summary>On which loops a path of a map has failed; none is left out.</summary>
    private readonly Dictionary<(int Map, string Path), HashSet<int>> _failed = [];

    /// <param name="channel">Whose news it is.</param>
    /// <param name="map">Number of the map, which is the same on all loops.</param>
    /// <param name="path">Its name.</param>
    /// <param name="isActive">It was reinstated.</param>
    public void Note(int channel, int map, string path, bool isActive)
    {
        if (lead.Devices.All.FirstOrDefault(one => one.Number == map) is not { } device) return;
        bool isNews = isActive ? Reinstated(channel, map, path) : Failed(channel, map, path);
        if (!isNews) return;
        Log(device, path, isActive);
        // The lead's own device has told of its own.
        if (channel != lead.Index) device.RaiseEvent();
    }

    /// <summary>A loop has another table: its paths begin anew.</summary>
    public void Forget(int channel, int map)
    {
        foreach ((int Map, string Path) key in _failed.Keys.Where(key => key.Map == map).ToArray())
            Reinstated(channel, map, key.Path);
    }

    private bool Failed(int channel, int map, string path)
    {
        if (_failed.TryGetValue((map, path), out HashSet<int>? loops))
        {
            loops.Add(channel);
            return false;
        }
        _failed[(map, path)] = [channel];
        return true;
    }

    private bool Reinstated(int channel, int map, string path)
    {
        if (!_failed.TryGetValue((map, path), out HashSet<int>? loops)) return false;
        loops.Remove(channel);
        return loops.Count == 0 && _failed.Remove((map, path));
    }

    private void Log(MappedDevice map, string path, bool isActive)
    {
        int left = map.Table?.Devices.Count(
            device => !_failed.ContainsKey((map.Number, device.Name))) ?? 0;
        string verb = isActive ? "Reinstating" : "Failing";
        logger.Log(
            isActive ? LogLevel.Information : LogLevel.Warning, "{Map}: {Verb} path {Path}.",
            map.Name, verb, path);
        logger.Log(
            left == 0 ? LogLevel.Warning : LogLevel.Information,
            "{Map}: remaining active paths: {Count}", map.Name, left);
    }
}
