// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Mapper;
using Braid.Multipath;
using Microsoft.Extensions.Logging;

namespace Braid.Daemon;

/// <summary>
/// Keeps the declared paths: reaches them, watches them, fails and reinstates them in all maps that
/// use them. On the loop.
/// </summary>
public sealed class PathKeeper : IPathVerbs, IDisposable
{
    private readonly IoLoop _loop;
    private readonly PathFactory _factory;
    private readonly PathSet _paths;
    private readonly DeviceManager _maps;
    private readonly ILogger _logger;
    private readonly Dictionary<BlockDevice, PathSupervisor> _supervisors = [];

    /// <summary>What happens is somebody else's doing, who tells the other loops himself.</summary>
    private bool _isToldByOthers;

    /// <summary>What happens is only a suspicion, by what another loop has seen.</summary>
    private bool _isSuspicion;

    /// <param name="loop">The loop of paths and maps.</param>
    /// <param name="factory">Makes the paths; owned.</param>
    /// <param name="paths">Where they are found by name.</param>
    /// <param name="maps">The maps that may use them.</param>
    /// <param name="logger">Takes a line for each thing that happens to a path.</param>
    public PathKeeper(
        IoLoop loop, PathFactory factory, PathSet paths, DeviceManager maps, ILogger logger)
    {
        _loop = loop;
        _factory = factory;
        _paths = paths;
        _maps = maps;
        _logger = logger;
    }

    /// <summary>
    /// Hears the name of a path that this loop has lost, or failed for an I/O: what other loops
    /// should look at.
    /// </summary>
    internal Action<string>? Lost { get; set; }

    /// <summary>
    /// The log tells of each path once: on other loops than the lead's it is for debugging.
    /// </summary>
    internal bool IsQuiet { get; init; }

    /// <summary>The declared paths, whatever their state.</summary>
    public IReadOnlyList<PathDevice> All => _paths.All;

    /// <summary>Declares a path that is not reached or watched yet.</summary>
    /// <exception cref="MapException">The name is taken, or none.</exception>
    /// <exception cref="Wire.Nbd.UriException">It cannot be what the URI says.</exception>
    public PathDevice Declare(string name, string uri)
    {
        _paths.RequireFree(name);
        if (_maps.Has(name)) throw new MapException($"there is a map {name} already");
        PathDevice path = _factory.Create(name, PathUri.Parse(uri));
        _paths.Add(path);
        return path;
    }

    /// <summary>
    /// Connects paths and calls back once, when each was reached or not, at the latest when the
    /// connect timeout has passed.
    /// </summary>
    public static void Reach(IReadOnlyList<PathDevice> paths, Action reached)
    {
        var waiting = new HashSet<PathDevice>(paths);
        foreach (PathDevice path in paths)
        {
            path.Observer = new FirstState(() =>
            {
                if (waiting.Remove(path) && waiting.Count == 0) reached();
            });
        }
        foreach (PathDevice path in paths) path.Start();
    }

    /// <summary>Watches paths that were reached, or not.</summary>
    public void Watch(IEnumerable<PathDevice> paths)
    {
        PathSupervisor[] added = [.. paths.Select(path => new PathSupervisor(path, this))];
        foreach (PathSupervisor supervisor in added)
            _supervisors.Add(supervisor.Path, supervisor);
        foreach (PathSupervisor supervisor in added) supervisor.Begin();
    }

    /// <summary>Declares a path, reaches it and watches it from then on.</summary>
    /// <param name="name">As tables and messages call it.</param>
    /// <param name="uri">Where it leads.</param>
    /// <param name="reached">Called when it was reached for the first time, or not.</param>
    public void Add(string name, string uri, Action<PathDevice> reached)
    {
        PathDevice path = Declare(name, uri);
        // Nothing is asked of it until a table uses it.
        path.Promise([], 0);
        Reach([path], () =>
        {
            // It may have been removed meanwhile.
            if (_paths.Has(name)) Watch([path]);
            reached(path);
        });
    }

    /// <summary>Takes a path down that no table uses.</summary>
    /// <exception cref="MapException">There is none, or it is in use.</exception>
    public void Remove(string name)
    {
        PathDevice path = _paths.Get(name);
        if (path.OpenCount > 0)
        {
            IEnumerable<string> users = _maps.Above(path).Select(map => map.Name);
            throw new MapException($"path {name} is in use by {string.Join(", ", users)}");
        }
        _paths.Remove(path);
        if (_supervisors.Remove(path, out PathSupervisor? supervisor))
        {
            supervisor.Dispose();
            path.Observer = null;
        }
        path.Stop();
        // A probe may be under way; and this may be inside its end.
        path.Queue.WhenIdle(() => _loop.Post(path.Dispose));
    }

    /// <summary>After a table went live: paths that are down have failed in it.</summary>
    public void FailThoseDown()
    {
        foreach (PathDevice path in _paths.All)
            if (path.State != PathState.Up) Fail(path);
    }

    /// <summary>A map has failed or reinstated a path.</summary>
    /// <param name="path">The path.</param>
    /// <param name="isActive">Whether it was reinstated.</param>
    /// <param name="validPaths">How many work in that map now.</param>
    public void OnPathChanged(BlockDevice path, bool isActive, int validPaths)
    {
        if (!_supervisors.TryGetValue(path, out PathSupervisor? supervisor)) return;
        if (isActive) supervisor.OnReinstated();
        else if (_isSuspicion) supervisor.OnSuspected();
        else supervisor.OnFailed();
        if (!isActive && !_isSuspicion && !_isToldByOthers) Lost?.Invoke(path.Name);
        if (validPaths > 0) return;
        StepIn(supervisor);
        foreach (PathSupervisor other in _supervisors.Values) other.ProbeNow();
    }

    /// <summary>
    /// Those that only rest are used again in maps that have no path now. In others they rest on.
    /// </summary>
    private void StepIn(PathSupervisor failed)
    {
        PathSupervisor[] needed =
        [
            .. _supervisors.Values.Where(other => other != failed && IsNeeded(other.Path)),
        ];
        foreach (PathSupervisor other in needed) other.StepIn(mayHang: false);
        foreach (PathSupervisor other in needed)
            if (IsNeeded(other.Path)) other.StepIn(mayHang: true);
    }

    /// <summary>
    /// Another loop has lost the path. It is probed at once, and meanwhile not used, if a map has
    /// others: so nothing more is sent into a hole that is known, and a path that was lost on one
    /// loop only is soon back.
    /// </summary>
    internal void Suspect(string name)
    {
        if (_supervisors.Keys.FirstOrDefault(path => path.Name == name) is not PathDevice path
            || path.State != PathState.Up || !IsActive(path)) return;
        bool isLast = PgPathsOf(path).Any(use => use.Target.ValidPaths == 1);
        _isSuspicion = true;
        if (isLast) _supervisors[path].OnSuspected();
        else Fail(path);
        _isSuspicion = false;
    }

    /// <summary>Does what is done on all loops alike: none has to tell the others.</summary>
    internal void DoAlike(Action action)
    {
        _isToldByOthers = true;
        action();
        _isToldByOthers = false;
    }

    public bool IsNeeded(PathDevice path) => HasUse(path, static use => use.Target.ValidPaths == 0);

    public bool IsActive(PathDevice path) => !HasUse(path, static use => !use.Path.IsActive);

    public void Fail(PathDevice path)
    {
        foreach ((MultipathTarget target, PgPath member) in PgPathsOf(path))
            target.FailPath(member);
    }

    public void Reinstate(PathDevice path)
    {
        foreach ((MultipathTarget target, PgPath member) in PgPathsOf(path))
            target.ReinstatePath(member);
    }

    public void Log(PathDevice path, string text) =>
        _logger.Log(
            IsQuiet ? LogLevel.Debug : LogLevel.Information, "path {Path}: {Text}", path.Name,
            text);

    public void Warn(PathDevice path, string text) =>
        _logger.Log(
            IsQuiet ? LogLevel.Debug : LogLevel.Warning, "path {Path}: {Text}", path.Name, text);

    /// <summary>Watches no more.</summary>
    public void StopWatching()
    {
        foreach (PathSupervisor supervisor in _supervisors.Values) supervisor.Dispose();
        _supervisors.Clear();
    }

    /// <summary>Takes all paths down.</summary>
    public void Stop()
    {
        foreach (PathDevice path in _paths.All)
        {
            path.Observer = null;
            path.Stop();
        }
    }

    public void Dispose()
    {
        StopWatching();
        foreach (PathDevice path in _paths.All) path.Dispose();
        _factory.Dispose();
    }

    /// <summary>
    /// Whether one of its places is so. Asked with each probe, and by those who rest: allocates
    /// nothing.
    /// </summary>
    private bool HasUse(
        PathDevice path, Predicate<(MultipathTarget Target, PgPath Path)> isSo)
    {
        for (int map = 0; map < _maps.All.Count; map++)
            if (_maps.All[map].Table is { } table && HasUse(table, path, isSo)) return true;
        return false;
    }

    private static bool HasUse(
        Table table, PathDevice path, Predicate<(MultipathTarget Target, PgPath Path)> isSo)
    {
        for (int entry = 0; entry < table.Entries.Count; entry++)
        {
            if (table.Entries[entry].Target is not MultipathTarget target) continue;
            for (int group = 0; group < target.Groups.Count; group++)
            {
                IReadOnlyList<PgPath> paths = target.Groups[group].Paths;
                for (int i = 0; i < paths.Count; i++)
                    if (paths[i].Device == path && isSo((target, paths[i]))) return true;
            }
        }
        return false;
    }

    /// <summary>Where a path is in the live tables of all maps.</summary>
    private IReadOnlyList<(MultipathTarget Target, PgPath Path)> PgPathsOf(PathDevice path) =>
    [
        .. from map in _maps.All
           from entry in map.Table?.Entries ?? []
           where entry.Target is MultipathTarget
           let target = (MultipathTarget)entry.Target
           from @group in target.Groups
           from member in @group.Paths
           where member.Device == path
           select (target, member),
    ];

    /// <summary>Hears of the first outcome of a path.</summary>
    private sealed class FirstState(Action reached) : IPathObserver
    {
        public void OnPathState(PathDevice path, PathState state, string reason) => reached();
    }
}
