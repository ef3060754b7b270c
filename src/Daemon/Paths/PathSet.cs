// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;

namespace Braid.Daemon;

/// <summary>The declared paths, by name; what tables refer to. On the paths' loop.</summary>
public sealed class PathSet : IDeviceResolver
{
    /// <summary>Paths at the same time: as many as a priority group may have.</summary>
    private const int MaxPaths = 1024;

    /// <summary>Names in an error: enough to see a slip of the pen.</summary>
    private const int NamesShown = 8;

    private readonly List<PathDevice> _paths = [];
    private readonly Dictionary<string, PathDevice> _byName = new(StringComparer.Ordinal);

    /// <summary>In the order of their declaration.</summary>
    public IReadOnlyList<PathDevice> All => _paths;

    /// <exception cref="MapException">There is no room for a path of that name.</exception>
    public void RequireFree(string name)
    {
        MapNames.Require(name);
        if (_byName.ContainsKey(name)) throw new MapException($"path {name} is declared twice");
        if (_paths.Count == MaxPaths) throw new MapException($"there are {MaxPaths} paths already");
    }

    public bool Has(string name) => _byName.ContainsKey(name);

    /// <exception cref="MapException">See <see cref="RequireFree"/>.</exception>
    public void Add(PathDevice path)
    {
        RequireFree(path.Name);
        _paths.Add(path);
        _byName.Add(path.Name, path);
    }

    public void Remove(PathDevice path)
    {
        _paths.Remove(path);
        _byName.Remove(path.Name);
    }

    /// <exception cref="MapException">There is none.</exception>
    public PathDevice Get(string name) =>
        _byName.GetValueOrDefault(name) ?? throw new MapException(Missing(name, "path"));

    public BlockDevice Find(string name) =>
        _byName.GetValueOrDefault(name)
        ?? throw new TableException(Missing(name, "path or map"));

    private string Missing(string name, string what)
    {
        string names = string.Join(", ", _paths.Take(NamesShown).Select(path => path.Name));
        string more = _paths.Count > NamesShown ? ", ..." : "";
        string declared = names.Length > 0 ? $"paths are {names}{more}" : "no path is declared";
        return $"no {what} '{name}'; {declared}";
    }
}
