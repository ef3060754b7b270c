// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Exports.Nbd;
using Braid.Io;
using Braid.Mapper;
using Braid.Multipath;
using Microsoft.Extensions.Logging;

namespace Braid.Daemon;

/// <summary>
/// One map with all that stands below and above it: paths, supervisors, exports. Everything here
/// runs on the loop, so that the simulator can run it too; <see cref="MapService"/> is its face to
/// other threads.
/// </summary>
public sealed class MapStack : IMapObserver, IPathVerbs, IDisposable
{
    private static readonly IReadOnlyList<ITargetType> TargetTypes =
        [new MultipathType(), new LinearTargetType(), new ErrorTargetType()];

    private readonly IoLoop _loop;
    private readonly INetwork _network;
    private readonly MapOptions _options;
    private readonly ILogger _logger;
    private readonly PathFactory _factory;
    private readonly PathSet _paths = new();
    private readonly BufferPool _pool;
    private readonly Dictionary<BlockDevice, PathSupervisor> _supervisors = [];
    private readonly List<NbdServer> _servers = [];
    private readonly List<string> _exportUris = [];
    private MappedDevice? _map;

    /// <exception cref="Wire.Nbd.UriException">A path's URI is wrong.</exception>
    public MapStack(IoLoop loop, INetwork network, MapOptions options, ILogger logger)
    {
        _loop = loop;
        _network = network;
        _options = options;
        _logger = logger;
        _pool = new BufferPool(options.PoolBytes);
        _factory = new PathFactory(
            loop, network, options.Nbd with { IsOneOfSeveral = options.Paths.Count > 1 },
            options.PathQueue);
        foreach (DeclaredPath path in options.Paths)
            _paths.Add(_factory.Create(path.Name, PathUri.Parse(path.Uri)));
    }

    /// <summary>The map; there is none before <see cref="MakeMap"/>.</summary>
    public MappedDevice? Map => _map;

    /// <summary>The declared paths, whatever their state.</summary>
    public IReadOnlyList<PathDevice> Paths => _paths.All;

    /// <summary>Where clients find it.</summary>
    public IReadOnlyList<string> ExportUris => _exportUris;

    public IReadOnlyList<NbdServer> Servers => _servers;

    /// <summary>I/O memory of all clients.</summary>
    public BufferPool Pool => _pool;

    public bool HasActivePath => Target is { ValidPaths: > 0 };

    /// <summary>True when the clients are gone after <see cref="Drain"/>.</summary>
    public bool IsDrained => _servers.TrueForAll(server => server.IsDrained);

    private MultipathTarget? Target => _map?.Table?.Entries[0].Target as MultipathTarget;

    /// <summary>
    /// Connects the paths and calls back once, when each was reached or not, at the latest when the
    /// connect timeout has passed.
    /// </summary>
    public void ReachPaths(Action reached)
    {
        var waiting = new HashSet<PathDevice>(_paths.All);
        foreach (PathDevice path in _paths.All)
        {
            path.Observer = new FirstState(() =>
            {
                if (waiting.Remove(path) && waiting.Count == 0) reached();
            });
        }
        foreach (PathDevice path in _paths.All) path.Start();
    }

    /// <summary>Makes the map over the paths as they are now.</summary>
    /// <exception cref="MapException">It cannot be made, and why.</exception>
    public void MakeMap()
    {
        long size = AgreedSize();
        foreach (PathDevice path in _paths.All) path.ExpectSize(size);
        if (size % Table.SectorSize != 0)
            _logger.LogWarning("the last {Count} bytes are not used", size % Table.SectorSize);
        string table = _options.Table ?? TableBuilder.Build(_options, size);
        var parser = new TableParser(TargetTypes, _paths);
        try
        {
            _map = MappedDevice.Create(
                _loop, _options.Name, host => parser.Parse(table, host), _options.Queue, this);
        }
        catch (TableException error)
        {
            throw new MapException($"the table cannot be loaded: {error.Message}");
        }
        foreach (PathDevice path in _paths.All)
        {
            path.Promise(_map.Limits);
            _supervisors[path] = new PathSupervisor(path, this);
        }
        foreach (PathSupervisor supervisor in _supervisors.Values) supervisor.Begin();
    }

    /// <summary>Exports the map.</summary>
    /// <exception cref="MapException">An address cannot be had.</exception>
    public void Listen()
    {
        IEnumerable<IGrouping<Endpoint, ExportUri>> endpoints = _options.Exports
            .Select(ExportUri.Parse).GroupBy(uri => uri.Endpoint);
        foreach (IGrouping<Endpoint, ExportUri> endpoint in endpoints)
        {
            NbdExport[] exports = [.. endpoint.Select(uri => new NbdExport(uri.Name, _map!))];
            NbdServer server = Open(endpoint.Key, exports);
            _servers.Add(server);
            server.Start();
            foreach (NbdExport export in exports)
                _exportUris.Add(ExportUri.Describe(server.Endpoint, export.Name));
        }
    }

    /// <summary>No new clients and commands; what is in flight ends and is answered.</summary>
    public void Drain()
    {
        foreach (NbdServer server in _servers) server.Drain();
    }

    /// <summary>Cuts off who is left, fails what waits, and takes the paths down.</summary>
    public void Stop()
    {
        foreach (PathSupervisor supervisor in _supervisors.Values) supervisor.Dispose();
        _supervisors.Clear();
        Target?.SetQueueIfNoPath(false);
        foreach (NbdServer server in _servers) server.CloseClients();
        foreach (PathDevice path in _paths.All)
        {
            path.Observer = null;
            path.Stop();
        }
    }

    /// <summary>
    /// After <see cref="Stop"/> and a turn in which what was cut off has come back.
    /// </summary>
    public void Dispose()
    {
        foreach (PathSupervisor supervisor in _supervisors.Values) supervisor.Dispose();
        foreach (NbdServer server in _servers) server.Dispose();
        foreach (PathDevice path in _paths.All) path.Dispose();
        _factory.Dispose();
        _pool.Dispose();
    }

    public void OnLog(MappedDevice map, string text)
    {
        bool isLoss = text.StartsWith("Failing path", StringComparison.Ordinal);
        LogLevel level = isLoss ? LogLevel.Warning : LogLevel.Information;
        _logger.Log(level, "{Map}: {Text}", map.Name, text);
    }

    public void OnPathChanged(MappedDevice map, BlockDevice path, bool isActive, int validPaths)
    {
        LogLevel level = validPaths == 0 ? LogLevel.Warning : LogLevel.Information;
        _logger.Log(level, "{Map}: remaining active paths: {Count}", map.Name, validPaths);
        if (!_supervisors.TryGetValue(path, out PathSupervisor? supervisor)) return;
        if (isActive) supervisor.OnReinstated();
        else supervisor.OnFailed();
        if (validPaths > 0) return;
        foreach (PathSupervisor other in _supervisors.Values) other.ProbeNow();
    }

    public bool IsActive(PathDevice path) => PgPathsOf(path).All(member => member.IsActive);

    public void Fail(PathDevice path)
    {
        foreach (PgPath member in PgPathsOf(path)) Target!.FailPath(member);
    }

    public void Reinstate(PathDevice path)
    {
        foreach (PgPath member in PgPathsOf(path)) Target!.ReinstatePath(member);
    }

    public void Log(PathDevice path, string text) =>
        _logger.LogInformation("path {Path}: {Text}", path.Name, text);

    public void Warn(PathDevice path, string text) =>
        _logger.LogWarning("path {Path}: {Text}", path.Name, text);

    private NbdServer Open(Endpoint endpoint, NbdExport[] exports)
    {
        try
        {
            return new NbdServer(
                _loop, _network, endpoint, exports, _pool,
                text => _logger.LogWarning("{Text}", text));
        }
        catch (IOException error)
        {
            throw new MapException(error.Message);
        }
    }

    private IEnumerable<PgPath> PgPathsOf(PathDevice path) =>
        Target is null
            ? []
            : Target.Groups.SelectMany(group => group.Paths).Where(p => p.Device == path);

    private long AgreedSize()
    {
        PathDevice[] known = [.. _paths.All.Where(path => path.State == PathState.Up)];
        if (Array.Find(known, path => path.SizeBytes < Table.SectorSize) is { } small)
            throw new MapException(TooSmall(small));
        long size = _options.SizeBytes ?? known.Select(path => path.SizeBytes).FirstOrDefault();
        if (size == 0 && _options.Table is { } table) size = TableBuilder.SizeOf(table);
        if (size == 0)
        {
            IEnumerable<string> problems = _paths.All.Select(p => $"{p.Name}: {p.Problem}");
            throw new MapException(
                $"no path can be reached ({string.Join("; ", problems)}); "
                + "give --size to start without them");
        }
        PathDevice? odd = known.FirstOrDefault(path => path.SizeBytes != size);
        if (odd is null) return size;
        throw new MapException(
            $"path {odd.Name} has {odd.SizeBytes} bytes, not {size}: "
            + "all paths must lead to the same volume");
    }

    private static string TooSmall(PathDevice path) => path.SizeBytes == 0
        ? $"path {path.Name} is empty"
        : $"path {path.Name} has {path.SizeBytes} bytes, less than a sector of {Table.SectorSize}";

    /// <summary>Hears of the first outcome of a path.</summary>
    private sealed class FirstState(Action reached) : IPathObserver
    {
        public void OnPathState(PathDevice path, PathState state, string reason) => reached();
    }
}
