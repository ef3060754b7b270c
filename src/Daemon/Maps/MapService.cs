// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Braid.Block;
using Braid.Exports.Nbd;
using Braid.Io;
using Braid.Mapper;
using Braid.Multipath;
using Microsoft.Extensions.Logging;

namespace Braid.Daemon;

/// <summary>
/// One map with its paths, its supervisors and its exports: made, run and taken down. Its methods
/// are called from the control plane; what they do happens on the loop.
/// </summary>
public sealed class MapService : IMapObserver, IPathVerbs, IDisposable
{
    /// <summary>Beyond the connect timeout, for the loops to hear of it.</summary>
    private static readonly TimeSpan StartSlack = TimeSpan.FromMilliseconds(200);

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

    public MapService(IoLoop loop, INetwork network, MapOptions options, ILogger logger)
    {
        _loop = loop;
        _network = network;
        _options = options;
        _logger = logger;
        _pool = new BufferPool(options.PoolBytes);
        _factory = new PathFactory(loop, network, options.Nbd, options.PathQueue);
        foreach (DeclaredPath path in options.Paths)
            _paths.Add(_factory.Create(path.Name, PathUri.Parse(path.Uri)));
    }

    /// <summary>The map; after <see cref="StartAsync"/>, on the loop only.</summary>
    public MappedDevice Map => _map!;

    /// <summary>The declared paths, whatever their state. On the loop only.</summary>
    public IReadOnlyList<PathDevice> Paths => _paths.All;

    /// <summary>Where clients find it.</summary>
    public IReadOnlyList<string> ExportUris => _exportUris;

    public bool HasActivePath => _map is not null && Target is null or { ValidPaths: > 0 };

    private MultipathTarget? Target => _map?.Table.Entries[0].Target as MultipathTarget;

    /// <summary>
    /// Connects the paths, waits until each was reached or not, makes the map and listens.
    /// </summary>
    /// <exception cref="MapException">It cannot be made, and why.</exception>
    public async Task StartAsync(CancellationToken cancel)
    {
        await ReachPathsAsync(cancel).ConfigureAwait(false);
        try
        {
            await _loop.CallAsync(MakeMap).ConfigureAwait(false);
        }
        catch (TableException error)
        {
            throw new MapException($"the table cannot be loaded: {error.Message}");
        }
        try
        {
            await _loop.CallAsync(Listen).ConfigureAwait(false);
        }
        catch (IOException error)
        {
            throw new MapException(error.Message);
        }
    }

    /// <summary>
    /// Takes the exports down: no new I/O, what is in flight ends and is answered. What still waits
    /// after <paramref name="patience"/> fails. True if nothing had to be cut off.
    /// </summary>
    public async Task<bool> DrainAsync(TimeSpan patience, TimeProvider clock)
    {
        long start = clock.GetTimestamp();
        await OnLoopAsync(() => _servers.ForEach(server => server.Drain())).ConfigureAwait(false);
        bool isDrained = await IsDrainedAsync().ConfigureAwait(false);
        while (!isDrained && clock.GetElapsedTime(start) < patience)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), clock).ConfigureAwait(false);
            isDrained = await IsDrainedAsync().ConfigureAwait(false);
        }
        await OnLoopAsync(StopAll).ConfigureAwait(false);
        // A turn more, in which what was cut off comes back.
        await OnLoopAsync(() => { }).ConfigureAwait(false);
        return isDrained;
    }

    /// <summary>The topology, for people.</summary>
    public Task<string> DescribeAsync() => _loop.CallAsync(() => Topology.Describe(Map));

    public void OnLog(MappedDevice map, string text) =>
        _logger.LogInformation("{Map}: {Text}", map.Name, text);

    public void OnPathChanged(MappedDevice map, BlockDevice path, bool isActive, int validPaths)
    {
        _logger.LogInformation("{Map}: remaining active paths: {Count}", map.Name, validPaths);
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

    /// <summary>After <see cref="DrainAsync"/>, and after the loop has ended.</summary>
    public void Dispose()
    {
        foreach (PathSupervisor supervisor in _supervisors.Values) supervisor.Dispose();
        foreach (NbdServer server in _servers) server.Dispose();
        foreach (PathDevice path in _paths.All) path.Dispose();
        _factory.Dispose();
        _pool.Dispose();
    }

    private Task<bool> OnLoopAsync(Action action) => _loop.CallAsync(() =>
    {
        action();
        return true;
    });

    private Task<bool> IsDrainedAsync() =>
        _loop.CallAsync(() => _servers.TrueForAll(server => server.IsDrained));

    private IEnumerable<PgPath> PgPathsOf(PathDevice path) =>
        Target is null
            ? []
            : Target.Groups.SelectMany(group => group.Paths).Where(p => p.Device == path);

    /// <summary>Until every path is up or has a problem, or the connect timeout has passed.</summary>
    private async Task ReachPathsAsync(CancellationToken cancel)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await OnLoopAsync(() =>
        {
            var waiting = new HashSet<PathDevice>(_paths.All);
            foreach (PathDevice path in _paths.All)
            {
                path.Observer = new FirstState(() =>
                {
                    waiting.Remove(path);
                    if (waiting.Count == 0) reached.TrySetResult();
                });
                path.Start();
            }
        }).ConfigureAwait(false);
        TimeSpan timeout = TimeSpan.FromMilliseconds(_options.Nbd.ConnectTimeoutNs / 1_000_000);
        await reached.Task.WaitAsync(timeout + StartSlack + StartSlack, cancel)
            .ConfigureAwait(false);
    }

    private bool MakeMap()
    {
        long size = AgreedSize();
        foreach (PathDevice path in _paths.All) path.ExpectSize(size);
        if (size % Table.SectorSize != 0)
            _logger.LogWarning("the last {Count} bytes are not used", size % Table.SectorSize);
        string table = _options.Table ?? TableBuilder.Build(_options, size);
        var parser = new TableParser(TargetTypes, _paths);
        _map = new MappedDevice(
            _loop, _options.Name, host => parser.Parse(table, host), _options.Queue, this);
        foreach (PathDevice path in _paths.All)
            _supervisors[path] = new PathSupervisor(path, this);
        foreach (PathSupervisor supervisor in _supervisors.Values) supervisor.Begin();
        return true;
    }

    private long AgreedSize()
    {
        PathDevice[] known = [.. _paths.All.Where(path => path.State == PathState.Up)];
        long size = _options.SizeBytes ?? known.Select(path => path.SizeBytes).FirstOrDefault();
        if (size == 0)
            throw new MapException(
                $"no path can be reached ({Problems()}); give --size to start without them");
        PathDevice? odd = known.FirstOrDefault(path => path.SizeBytes != size);
        if (odd is not null)
            throw new MapException(
                $"path {odd.Name} has {odd.SizeBytes} bytes, not {size}: "
                + "all paths must lead to the same volume");
        return size;
    }

    private string Problems() => string.Join("; ", _paths.All.Select(path =>
        string.Create(CultureInfo.InvariantCulture, $"{path.Name}: {path.Problem}")));

    private bool Listen()
    {
        IEnumerable<IGrouping<Endpoint, ExportUri>> endpoints = _options.Exports
            .Select(ExportUri.Parse).GroupBy(uri => uri.Endpoint);
        foreach (IGrouping<Endpoint, ExportUri> endpoint in endpoints)
        {
            NbdExport[] exports = [.. endpoint.Select(uri => new NbdExport(uri.Name, Map))];
            var server = new NbdServer(
                _loop, _network, endpoint.Key, exports, _pool,
                text => _logger.LogWarning("{Text}", text));
            _servers.Add(server);
            server.Start();
            foreach (NbdExport export in exports)
                _exportUris.Add(ExportUri.Describe(server.Endpoint, export.Name));
        }
        return true;
    }

    private void StopAll()
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

    /// <summary>Hears of the first outcome of a path.</summary>
    private sealed class FirstState(Action reached) : IPathObserver
    {
        public void OnPathState(PathDevice path, PathState state, string reason) => reached();
    }
}
