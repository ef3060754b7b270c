// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Daemon;
using Braid.Exports.Nbd;
using Braid.Io;
using Braid.Transports.Memory;
using Braid.Transports.Nbd;
using Braid.Wire.Nbd;
using Microsoft.Extensions.Logging.Abstractions;

namespace Braid.Tests.Simulation;

/// <summary>
/// The same house as the simulated world's, on real loops and sockets, all in this process:
/// storage, map and client have a loop each. For what a simulation cannot tell: allocations, system
/// calls.
/// </summary>
internal sealed class RealHouse : IDisposable
{
    private const long VolumeBytes = 64 << 20;
    private const long PoolBytes = 64 << 20;

    private readonly string _folder = Directory.CreateTempSubdirectory("braid-test-").FullName;
    private readonly SocketNetwork _network = new();
    private readonly IoLoop _storageLoop;
    private readonly IoLoop _clientLoop;
    private readonly BufferPool _pool = new(PoolBytes);
    private readonly MemoryStore _store = new("volume", VolumeBytes);
    private readonly MemoryDevice _volume;
    private readonly NbdServer _server;
    private readonly MapService _map;

    /// <param name="backend">Of all loops.</param>
    /// <param name="change">Of what the map is like.</param>
    /// <param name="ofFile">The map is over a file of its own instead of NBD paths.</param>
    public RealHouse(
        IoBackend backend, Func<MapOptions, MapOptions> change, bool ofFile = false)
    {
        _storageLoop = Backends.Start(backend);
        _clientLoop = Backends.Start(backend);
        MapLoop = Backends.Start(backend);
        var options = new QueueOptions { Depth = 256 };
        _volume = new MemoryDevice(_storageLoop, "volume", _store, options);
        OnLoop(_storageLoop, _volume.Start);
        _server = new NbdServer(
            _storageLoop, _network, Endpoint.Unix(SocketPath("volume")),
            [new NbdExport("volume", _volume)], new NbdClients(_storageLoop, _pool), _ => { });
        _server.Start();
        _map = new MapService(MapLoop, _network, change(Options(ofFile)), NullLogger.Instance);
        _map.StartAsync(CancellationToken.None).GetAwaiter().GetResult();
        Client = new NbdDevice(
            _clientLoop, _network, "client", Uri("map", "map"), options, new NbdSettings());
        OnLoop(_clientLoop, Client.Start);
        SpinWait.SpinUntil(() => Client.State == PathState.Up, TimeSpan.FromSeconds(30))
            .ShouldBeTrue();
    }

    public IoLoop MapLoop { get; }

    public NbdDevice Client { get; }

    /// <summary>Runs that many I/Os with so many in flight, and waits for their end.</summary>
    public void Run(Workload workload)
    {
        Task done = Ask(_clientLoop, () => new Load(_clientLoop, Client).Run(workload));
        done.GetAwaiter().GetResult();
    }

    /// <summary>Bytes that the map's loop thread has allocated so far.</summary>
    public long AllocatedByMap() => Ask(MapLoop, GC.GetAllocatedBytesForCurrentThread);

    public LoopStatistics MapStatistics => MapLoop.Statistics;

    public void Dispose()
    {
        OnLoop(_clientLoop, Client.Stop);
        _map.DrainAsync(TimeSpan.FromSeconds(5), TimeProvider.System).GetAwaiter().GetResult();
        MapLoop.Dispose();
        _clientLoop.Dispose();
        _storageLoop.Dispose();
        _map.Dispose();
        Client.Dispose();
        _volume.Dispose();
        _server.Dispose();
        _pool.Dispose();
        _store.Dispose();
        _network.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static void OnLoop(IoLoop loop, Action action) => Ask(loop, () =>
    {
        action();
        return true;
    });

    private static T Ask<T>(IoLoop loop, Func<T> question) =>
        loop.CallAsync(question).GetAwaiter().GetResult();

    private string SocketPath(string name) => Path.Combine(_folder, $"{name}.sock");

    private NbdUri Uri(string socket, string export) => new("", 0, SocketPath(socket), export);

    private DeclaredPath[] Paths(bool ofFile)
    {
        string volume = Uri("volume", "volume").ToString();
        if (!ofFile) return [new DeclaredPath("a", volume), new DeclaredPath("b", volume)];
        string path = Path.Combine(_folder, "volume");
        using FileStream file = File.Create(path);
        file.SetLength(VolumeBytes);
        return [new DeclaredPath("a", path)];
    }

    private MapOptions Options(bool ofFile) => new()
    {
        Name = "map",
        Paths = Paths(ofFile),
        Exports = [Uri("map", "map").ToString()],
        PoolBytes = PoolBytes,
    };
}
