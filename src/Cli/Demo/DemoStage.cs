// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Daemon;
using Braid.Exports.Nbd;
using Braid.Io;
using Braid.Transports.File;
using Braid.Transports.Nbd;
using Braid.Wire.Nbd;
using Microsoft.Extensions.Logging;

namespace Braid.Cli;

/// <summary>
/// All that the demo needs, in one process: a volume in a temporary file, two NBD servers in front
/// of it, a map over both, and a client of the map's export. Storage, map and client have a loop
/// each.
/// </summary>
internal sealed class DemoStage : IAsyncDisposable
{
    public const long VolumeBytes = 64 << 20;

    /// <summary>The server that is killed and restored.</summary>
    public const int Victim = 1;

    private const int Servers = 2;
    private const int FileThreads = 4;
    private const int FileJobs = 1024;
    private const long PoolBytes = 64 << 20;

    private readonly string _folder = Directory.CreateTempSubdirectory("braid-demo-").FullName;
    private readonly SocketNetwork _network = new();
    private readonly IoLoop _storageLoop = IoLoops.Start("braid-storage");
    private readonly IoLoop _mapLoop = IoLoops.Start("braid-io-0");
    private readonly FileWorkers _workers = new(FileThreads, FileJobs);
    private readonly BufferPool _pool = new(PoolBytes);
    private readonly NbdServer?[] _servers = new NbdServer?[Servers];
    private readonly MapService _map;
    private readonly FileDevice _volume;

    public DemoStage(ILogger logger)
    {
        string file = Path.Combine(_folder, "volume");
        using (FileStream created = File.Create(file)) created.SetLength(VolumeBytes);
        var options = new QueueOptions { Depth = 256 };
        _volume = new FileDevice(_storageLoop, _workers, "volume", file, false, options);
        // The demo cannot wait for the patience of a real path.
        var times = new NbdSettings
        {
            IoTimeoutNs = 1_000_000_000,
            ReconnectDelayMaxNs = 400_000_000,
        };
        _map = new MapService(_mapLoop, _network, MapOptions(times), logger);
        Client = new NbdDevice(
            ClientLoop, _network, "client", Uri("map", "demo"), options, new NbdSettings());
    }

    public IoLoop ClientLoop { get; } = IoLoops.Start("braid-client");

    /// <summary>A client of the map's export; on its own loop.</summary>
    public NbdDevice Client { get; }

    public async Task StartAsync(CancellationToken cancel)
    {
        await OnLoopAsync(_storageLoop, _volume.Start).ConfigureAwait(false);
        for (int i = 0; i < Servers; i++) await RestoreAsync(i).ConfigureAwait(false);
        await _map.StartAsync(cancel).ConfigureAwait(false);
        await OnLoopAsync(ClientLoop, Client.Start).ConfigureAwait(false);
    }

    /// <summary>
    /// Stops a server as a crash would: its clients are cut off, its socket is gone.
    /// </summary>
    public Task KillAsync(int server) => OnLoopAsync(_storageLoop, () =>
    {
        _servers[server]!.Dispose();
        _servers[server]!.CloseClients();
        _servers[server] = null;
    });

    /// <summary>Starts a server, at first or again.</summary>
    public Task RestoreAsync(int server) => OnLoopAsync(_storageLoop, () =>
    {
        Endpoint endpoint = Endpoint.Unix(SocketPath(ServerName(server)));
        NbdExport[] exports = [new NbdExport("volume", _volume)];
        var made = new NbdServer(
            _storageLoop, _network, endpoint, exports, new NbdClients(_storageLoop, _pool),
            _ => { });
        _servers[server] = made;
        made.Start();
    });

    /// <summary>I/Os that each path has done so far.</summary>
    public Task<long[]> CountAsync() => _map.AskAsync(stack => stack.Paths.All
        .Select(path => path.Statistics.Reads + path.Statistics.Writes).ToArray());

    public Task<string> DescribeAsync() => _map.DescribeAsync();

    public async ValueTask DisposeAsync()
    {
        await OnLoopAsync(ClientLoop, Client.Stop).ConfigureAwait(false);
        await _map.DrainAsync(TimeSpan.FromSeconds(1), TimeProvider.System).ConfigureAwait(false);
        ClientLoop.Dispose();
        _mapLoop.Dispose();
        _workers.Dispose();
        _storageLoop.Dispose();
        Client.Dispose();
        _map.Dispose();
        _volume.Dispose();
        foreach (NbdServer? server in _servers) server?.Dispose();
        _pool.Dispose();
        _network.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static string ServerName(int server) => server == Victim ? "b" : "a";

    private static Task OnLoopAsync(IoLoop loop, Action action) => loop.CallAsync(() =>
    {
        action();
        return true;
    });

    private string SocketPath(string name) => Path.Combine(_folder, $"{name}.sock");

    private NbdUri Uri(string socket, string export) => new("", 0, SocketPath(socket), export);

    private MapOptions MapOptions(NbdSettings times) => new()
    {
        Name = "demo",
        Paths =
        [
            new DeclaredPath("a", Uri("a", "volume").ToString()),
            new DeclaredPath("b", Uri("b", "volume").ToString()),
        ],
        Exports = [Uri("map", "demo").ToString()],
        Selector = "round-robin 0",
        Nbd = times,
        PoolBytes = PoolBytes,
    };
}
