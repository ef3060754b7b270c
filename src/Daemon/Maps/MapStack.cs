// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Exports.Nbd;
using Braid.Io;
using Braid.Mapper;
using Braid.Multipath;
using Microsoft.Extensions.Logging;

namespace Braid.Daemon;

/// <summary>
/// Maps with all that stands below and above them: paths, supervisors, exports. Starts with one map
/// and takes all down; <see cref="MapChanges"/> is for what happens between. Everything here runs
/// on the loop, so that the simulator can run it too; <see cref="MapService"/> is its face to other
/// threads.
/// </summary>
public sealed class MapStack : IMapObserver, IDisposable
{
    private readonly MapOptions _options;
    private readonly ILogger _logger;

    /// <summary>Null where it is the only channel.</summary>
    private readonly ChannelSeat? _seat;

    /// <summary>Null where somebody else has them.</summary>
    private readonly MemoryStores? _ownStores;

    /// <summary>Null while the paths share one cache.</summary>
    private readonly CacheDrain? _caches;

    /// <exception cref="Wire.Nbd.UriException">A path's URI is wrong.</exception>
    public MapStack(IoLoop loop, INetwork network, MapOptions options, ILogger logger)
        : this(loop, network, options, logger, null)
    {
    }

    /// <exception cref="Wire.Nbd.UriException">A path's URI is wrong.</exception>
    internal MapStack(
        IoLoop loop, INetwork network, MapOptions options, ILogger logger, ChannelSeat? seat)
    {
        _options = options;
        _logger = logger;
        _seat = seat;
        if (seat is null) _ownStores = new MemoryStores();
        Pool = new BufferPool(ShareOf(options.PoolBytes));
        var paths = new PathSet();
        var multipath = new MultipathType(
            writeCache: options.WriteCache, hedgesReads: options.Hedging is not null);
        Devices = new DeviceManager(
            loop, [multipath, .. TargetTypes.All], paths,
            options.Queue with
            {
                WriteCache = options.WriteCache,
                Hedging = options.Hedging,
                Declared = options.Declared,
            },
            this);
        // Loops flush by connections of their own, and tell each other nothing of it: a flush on
        // any covers all where they lead to one cache, which a server can promise.
        var factory = new PathFactory(
            loop, network,
            options.Nbd with { IsOneOfSeveral = options.Paths.Count * Loops > 1 },
            options.PathQueue, seat?.Stores ?? _ownStores!);
        Paths = new PathKeeper(loop, factory, paths, Devices, logger)
        {
            IsQuiet = !IsLead,
            Lost = seat is null ? null : name => seat.Channels.OnPathLost(seat.Index, name),
        };
        var clients = new NbdClients(loop, Pool) { HoldsFloods = options.HoldsFloods };
        Exports = new ExportSet(loop, network, clients, logger);
        Changes = new MapChanges(this);
        if (options.WriteCache == WriteCache.Private) _caches = new CacheDrain(loop, this, logger);
        foreach (DeclaredPath path in options.Paths) Paths.Declare(path.Name, path.Uri);
    }

    /// <summary>Of its loop; 0 is the lead's.</summary>
    internal int Index => _seat?.Index ?? 0;

    /// <summary>It was told to stop: nothing more is done on it.</summary>
    internal bool IsStopped { get; private set; }

    private int Loops => _seat?.Channels.Count ?? 1;

    private bool IsLead => _seat?.IsLead ?? true;

    /// <summary>All maps, by name.</summary>
    public DeviceManager Devices { get; }

    public PathKeeper Paths { get; }

    public ExportSet Exports { get; }

    /// <summary>Makes, changes and removes maps.</summary>
    public MapChanges Changes { get; }

    /// <summary>I/O memory of all clients.</summary>
    public BufferPool Pool { get; }

    /// <summary>
    /// The map that it has started with; there is none before <see cref="MakeMap()"/>.
    /// </summary>
    public MappedDevice? Map { get; private set; }

    /// <summary>
    /// True when the clients are gone after <see cref="Drain"/>, and what private caches hold of
    /// their writes is durable.
    /// </summary>
    public bool IsDrained => Exports.IsDrained && (_caches?.IsDone ?? true);

    /// <summary>
    /// Connects the paths and calls back once, when each was reached or not, at the latest when the
    /// connect timeout has passed.
    /// </summary>
    public void ReachPaths(Action reached) => PathKeeper.Reach(Paths.All, reached);

    /// <summary>Makes the first map over the paths as they are now.</summary>
    /// <exception cref="MapException">It cannot be made, and why.</exception>
    public void MakeMap() => MakeMap(AgreedSize(), null);

    /// <summary>The same, with a size that was agreed on.</summary>
    /// <param name="size">Bytes.</param>
    /// <param name="channels">The map on all loops; null where there is one.</param>
    /// <exception cref="MapException">It cannot be made, and why.</exception>
    internal void MakeMap(long size, MapChannels? channels)
    {
        RequireSize(size);
        foreach (PathDevice path in Paths.All) path.ExpectSize(size);
        if (IsLead && size % Table.SectorSize != 0)
            _logger.LogWarning(
                "{Map}: the last {Count} bytes of its paths are not used, a sector has {Sector}",
                _options.Name, size % Table.SectorSize, Table.SectorSize);
        string table = _options.Table ?? TableBuilder.Build(_options, size);
        try
        {
            Map = Devices.Create(_options.Name, table);
        }
        catch (TableException error)
        {
            throw new MapException($"the table cannot be loaded: {error.Message}");
        }
        channels?.Join(_seat!.Index, Map);
        Changes.RenewPromises();
        Paths.Watch(Paths.All);
    }

    /// <summary>Exports the first map.</summary>
    /// <exception cref="MapException">An address cannot be had.</exception>
    public void Listen() => Listen(null);

    /// <summary>The same, for clients of all loops.</summary>
    internal void Listen(MapChannels? channels) =>
        Exports.Add(Map!, _options.Exports.Select(ExportUri.Parse), channels);

    /// <summary>No new clients and commands; what is in flight ends and is answered.</summary>
    public void Drain()
    {
        Exports.Drain();
        _caches?.Begin();
    }

    /// <summary>Cuts off who is left, fails what waits, and takes the paths down.</summary>
    public void Stop()
    {
        IsStopped = true;
        _caches?.Stop();
        Paths.StopWatching();
        foreach (MappedDevice map in Devices.All) QueueNoMore(map);
        Exports.CloseClients();
        Paths.Stop();
        // A write that waits for a stale one, or for one that is cut off now, finds no path.
        foreach (MappedDevice map in Devices.All) map.Shield?.TurnOff();
        // What waits in a suspended map fails, too.
        foreach (MappedDevice map in Devices.All)
        {
            map.Clear();
            map.GiveUp();
            // One that is only being suspended is resumed when that has ended; another table may
            // have gone live by then.
            if (map.IsInTransition)
                map.Suspend(noFlush: true, _ => Resume(map));
            else
                Resume(map);
        }
    }

    /// <summary>
    /// After <see cref="Stop"/> and a turn in which what was cut off has come back.
    /// </summary>
    public void Dispose()
    {
        Exports.Dispose();
        Paths.Dispose();
        foreach (MappedDevice map in Devices.All) map.ReleaseKept();
        _ownStores?.Dispose();
        // A file that hangs may still be read into it.
        if (Paths.All.All(path => path.Statistics.InFlight == 0)) Pool.Dispose();
    }

    public void OnLog(MappedDevice map, string text)
    {
        bool isLoss = text.StartsWith("Failing path", StringComparison.Ordinal);
        bool isOfPath = isLoss || text.StartsWith("Reinstating path", StringComparison.Ordinal);
        LogLevel level = isLoss ? LogLevel.Warning : LogLevel.Information;
        _logger.Log(
            !IsLead || (isOfPath && Loops > 1) ? LogLevel.Debug : level, "{Map}: {Text}",
            map.Name, text);
    }

    public void OnPathChanged(MappedDevice map, BlockDevice path, bool isActive, int validPaths)
    {
        LogLevel level = validPaths == 0 ? LogLevel.Warning : LogLevel.Information;
        _logger.Log(
            Loops > 1 ? LogLevel.Debug : level, "{Map}: remaining active paths: {Count}",
            map.Name, validPaths);
        _seat?.Channels.TellLead(
            Index, news => news.Note(Index, map.Number, path.Name, isActive));
        Paths.OnPathChanged(path, isActive, validPaths);
    }

    public string? Objection(MappedDevice map, long sizeBytes, QueueLimits limits) =>
        Changes.Objection(map, sizeBytes, limits);

    /// <summary>
    /// Another loop has lost a path. Where this loop cannot do without it, the path fails in its
    /// maps only when a probe does.
    /// </summary>
    internal void OnPathLostElsewhere(string name) => Paths.Suspect(name);

    /// <summary>Another table of a map is live: its paths have not failed yet.</summary>
    internal void OnTableLive(MappedDevice map) =>
        _seat?.Channels.TellLead(Index, news => news.Forget(Index, map.Number));

    /// <summary>One bound for all loops: each has its share, one large buffer at least.</summary>
    private long ShareOf(long bytes) => Loops == 1
        ? bytes
        : Math.Max(1, bytes / Loops / BufferPool.MaxBuffer) * BufferPool.MaxBuffer;

    private static void Resume(MappedDevice map) =>
        map.Resume(noFlush: true, _ => QueueNoMore(map));

    private static void QueueNoMore(MappedDevice map)
    {
        foreach (TargetEntry entry in map.Table?.Entries ?? [])
            (entry.Target as MultipathTarget)?.SetQueueIfNoPath(false);
    }

    /// <summary>Bytes, as the paths that were reached agree, or as was said.</summary>
    /// <exception cref="MapException">They do not, or none was reached.</exception>
    internal long AgreedSize()
    {
        PathDevice[] known = [.. Paths.All.Where(path => path.State == PathState.Up)];
        if (Array.Find(known, path => path.SizeBytes < Table.SectorSize) is { } small)
            throw new MapException(TooSmall(small));
        long size = _options.SizeBytes ?? known.Select(path => path.SizeBytes).FirstOrDefault();
        if (size == 0 && _options.Table is { } table) size = TableBuilder.SizeOf(table);
        if (size == 0)
        {
            IEnumerable<string> problems = Paths.All.Select(p => $"{p.Name}: {p.Problem}");
            throw new MapException(
                $"no path can be reached ({string.Join("; ", problems)}); "
                + "give --size to start without them");
        }
        RequireSize(size);
        return size;
    }

    private void RequireSize(long size)
    {
        PathDevice? odd = Paths.All.FirstOrDefault(
            path => path.State == PathState.Up && path.SizeBytes != size);
        if (odd is null) return;
        throw new MapException(
            $"path {odd.Name} has {odd.SizeBytes} bytes, not {size}: "
            + "all paths must lead to the same volume");
    }

    private static string TooSmall(PathDevice path) => path.SizeBytes == 0
        ? $"path {path.Name} is empty"
        : $"path {path.Name} has {path.SizeBytes} bytes, less than a sector of {Table.SectorSize}";
}
