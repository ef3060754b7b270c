// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Exports.Nbd;
using Braid.Io;
using Braid.Transports.Memory;

namespace Braid.Tests.Simulation;

/// <summary>
/// An NBD server process in front of a shared volume, that can die and come back.
/// </summary>
internal sealed class SimulatedServer : IDisposable
{
    private const long PoolBytes = 64 << 20;

    private readonly SimulatedLoop _loop;
    private readonly SimulatedNetwork _network;
    private readonly MemoryStore _store;
    private NbdServer? _server;
    private WriteFaults? _faults;
    private bool _failsWrites;

    public SimulatedServer(
        SimulatedLoop loop, SimulatedNetwork network, MemoryStore store, string name)
    {
        _loop = loop;
        _network = network;
        _store = store;
        Name = name;
        Endpoint = Endpoint.Unix($"/sim/{name}");
    }

    public string Name { get; }

    /// <summary>What it serves instead of the store: a volume that it caches by itself.</summary>
    public CachedVolume? Cached { get; init; }

    /// <summary>Among the servers of the volume.</summary>
    public int Number { get; init; }

    public Endpoint Endpoint { get; }

    public string Uri => $"nbd+unix:///volume?socket={Endpoint.SocketPath}";

    public bool IsRunning => _server is not null;

    /// <summary>Writes fail, reads do well.</summary>
    public bool FailsWrites
    {
        get => _failsWrites;
        set
        {
            _failsWrites = value;
            if (_faults is not null) _faults.IsOn = value;
        }
    }

    /// <summary>Writes that have failed since it was started.</summary>
    public int FailedWrites => _faults?.Failed ?? 0;

    /// <summary>Writes that it has taken and does not do: <see cref="HangWrites"/>.</summary>
    public int HungWrites => _faults?.Hung ?? 0;

    public BufferPool Pool { get; } = new(PoolBytes);

    public void Start()
    {
        var device = new MemoryDevice(_loop, Name, _store, new QueueOptions { Depth = 256 });
        device.Start();
        BlockDevice served = Cached is null ? device : new CachedDevice(Cached, Number);
        _faults = new WriteFaults(served) { IsOn = _failsWrites };
        _server = new NbdServer(
            _loop, _network, Endpoint, [new NbdExport("volume", _faults)],
            new NbdClients(_loop, Pool), _ => { });
        _server.Start();
    }

    /// <summary>Writes are taken and not done from now on; reads do well.</summary>
    public void HangWrites() => _faults!.Hangs = true;

    /// <summary>Does the writes that hang, late as it is, and all others.</summary>
    public void DoHungWrites() => _faults!.DoHung();

    /// <summary>SIGKILL: connections are reset, nobody listens.</summary>
    public void Kill()
    {
        Cached?.Crash(Number);
        _server?.CloseClients();
        _server?.Dispose();
        _server = null;
        _network.Reset(Endpoint);
    }

    public void Dispose() => Pool.Dispose();
}
