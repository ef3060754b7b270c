// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Daemon;
using Braid.Exports.Nbd;
using Braid.Io;
using Braid.Mapper;
using Braid.Transports.Nbd;

namespace Braid.Tests.Fuzz;

/// <summary>
/// A map over two paths to one volume: one through a server that does what it should, one through a
/// hostile one. Whatever the second does, the map's I/O ends, well, and with the right data.
/// </summary>
internal sealed class PathWorld : IDisposable
{
    public const int VolumeBytes = 128 * 1024;

    private const long Second = 1_000_000_000;

    private static readonly Endpoint GoodAt = Endpoint.Unix("/fuzz/good");
    private static readonly Endpoint HostileAt = Endpoint.Unix("/fuzz/hostile");

    private readonly BufferPool _pool = new(BufferPool.MaxBuffer);
    private readonly byte[] _volume = new byte[VolumeBytes];
    private readonly FuzzVolume _device;
    private readonly NbdServer _good;
    private readonly MapStack _stack;

    public PathWorld(ServerStyle style, ILookup<ulong, FuzzLine> edits, int tears, FuzzLine map)
    {
        Network = new FuzzNetwork(Loop);
        Network.Inner.Link(HostileAt).TearsAtBytes = tears;
        // Every other KiB is zero: what may come as a hole.
        for (int at = 0; at < VolumeBytes; at++)
            if ((at & 1024) == 0) _volume[at] = (byte)(1 + (at % 251));
        _device = new FuzzVolume(Loop, _volume, depth: 8);
        _good = new NbdServer(
            Loop, Network, GoodAt, [new NbdExport("x", _device)],
            new NbdClients(Loop, _pool), _ => { });
        _good.Start();
        Hostile = new HostileServer(Loop, Network, HostileAt, _volume, edits) { Style = style };
        _stack = new MapStack(Loop, Network, Options(map), new FuzzLogger());
    }

    public SimulatedLoop Loop { get; } = new(seed: 1);

    public FuzzNetwork Network { get; }

    public HostileServer Hostile { get; }

    /// <summary>The map's I/O; null before <see cref="Start"/>.</summary>
    public FuzzLoad? Load { get; private set; }

    private MappedDevice Map => _stack.Map!;

    private NbdDevice HostilePath => (NbdDevice)_stack.Paths.All[0];

    /// <summary>False when there is no map over such paths, and it was said why.</summary>
    public bool Start(ulong seed, int depth)
    {
        bool isReached = false;
        _stack.ReachPaths(() => isReached = true);
        Await(() => isReached, "the paths are not reached");
        try
        {
            _stack.MakeMap();
        }
        catch (MapException error)
        {
            Check(error.Message.Length > 0, "an error without words");
            Check(Hostile.Honesty.HasLiedEarly, $"no map: {error.Message}");
            return false;
        }
        Load = new FuzzLoad(Map, (byte[])_volume.Clone(), new LoopRandom(seed), depth)
        {
            MayFail = MayFail,
            MayDiffer = () => Hostile.Honesty.MayDiffer,
        };
        return true;
    }

    /// <summary>So many I/Os, to their end.</summary>
    public void Run(int count)
    {
        Load!.Add(count);
        Await(() => Load.IsIdle, $"{Load.Open} I/Os do not end");
    }

    /// <summary>The hostile server has come to its senses: its path must come back.</summary>
    public void CheckPathIsBack()
    {
        if (!Hostile.IsThrough || Hostile.Honesty.HasLiedEarly) return;
        Await(() => HostilePath.State == PathState.Up && _stack.Paths.IsActive(HostilePath),
            $"the path does not come back: {HostilePath.State} {HostilePath.Problem}");
    }

    public void End()
    {
        _stack.Drain();
        _stack.Stop();
        Loop.RunFor(2 * Second);
        Network.CheckWork();
        if (Hostile.Failure is { } failure) throw new FuzzException($"{failure}");
        Check(_stack.Map is null || Map.InFlight == 0, "I/O of the map is left");
        Check(_stack.Pool.InUse == 0, "memory of the map is left");
        foreach (PathDevice path in _stack.Paths.All)
            Check(path.Queue.Tags.InUse == 0, $"{path.Queue.Tags.InUse} tags are left");
        Check(_good.Clients == 0, "the good server has clients left");
        Check(_pool.InUse == 0, "memory of the good server is left");
        Check(_device.Queue.Tags.InUse == 0, "tags of the volume are left");
    }

    public void Dispose()
    {
        _stack.Dispose();
        _good.Dispose();
        _pool.Dispose();
    }

    private static void Check(bool condition, string what)
    {
        if (!condition) throw new FuzzException(what);
    }

    private static MapOptions Options(FuzzLine map) => new()
    {
        Name = "mp",
        Paths =
        [
            new DeclaredPath("h", $"nbd+unix:///x?socket={HostileAt.SocketPath}"),
            new DeclaredPath("g", $"nbd+unix:///x?socket={GoodAt.SocketPath}"),
        ],
        SizeBytes = VolumeBytes,
        QueueIfNoPath = true,
        Grouping = map.Word(1) == "failover" ? GroupingPolicy.Failover : GroupingPolicy.Multibus,
        Selector = map.Word(2) == "rr" ? "round-robin 0" : "service-time 0",
        BioMode = map.Word(3) == "bio",
        Queue = new QueueOptions { Depth = 16, CapMerges = true },
        PathQueue = new QueueOptions { Depth = 8 },
        Nbd = new NbdSettings { IoTimeoutNs = Second, ConnectTimeoutNs = Second },
        PoolBytes = BufferPool.MaxBuffer,
    };

    /// <summary>A path's error never comes through: there is another path.</summary>
    private bool MayFail(Bio bio) => !bio.Status.IsPathError()
        && (Hostile.Honesty.MayFail || (bio.IsWrite && Map.Limits.ReadOnly));

    private void Await(Func<bool> condition, string what) =>
        Check(Loop.RunUntil(condition, 120 * Second), what);
}
