// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;

namespace Braid.Daemon;

/// <summary>The declared paths, by name; what tables refer to. On the paths' loop.</summary>
public sealed class PathSet : IDeviceResolver
{
    private readonly List<PathDevice> _paths = [];

    public IReadOnlyList<PathDevice> All => _paths;

    public void Add(PathDevice path)
    {
        if (_paths.Any(other => other.Name == path.Name))
            throw new MapException($"path {path.Name} is declared twice");
        _paths.Add(path);
    }

    public BlockDevice Find(string name) =>
        _paths.FirstOrDefault(path => path.Name == name)
        ?? throw new TableException(
            $"no path '{name}' is declared; declared are {string.Join(", ", Names())}");

    private IEnumerable<string> Names() => _paths.Select(path => path.Name);
}

/// <summary>A map cannot be made or changed; the message is one line for the user.</summary>
public sealed class MapException(string message) : Exception(message);
