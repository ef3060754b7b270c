// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Exports.Nbd;
using Braid.Io;
using Braid.Transports.Memory;

namespace Braid.Tests.Simulation;

/// <summary>A server whose volume may have another size each time that it starts.</summary>
internal sealed class SimulatedServerOfSize : IDisposable
{
    private readonly SimulatedLoop _loop;
    private readonly SimulatedNetwork _network;
    private readonly Endpoint _endpoint;
    private readonly Func<long> _size;
    private readonly BufferPool _pool = new(BufferPool.MaxBuffer);
    private NbdServer? _server;

    public SimulatedServerOfSize(
        SimulatedLoop loop, SimulatedNetwork network, Endpoint endpoint, Func<long> size)
    {
        _loop = loop;
        _network = network;
        _endpoint = endpoint;
        _size = size;
        Restart();
    }

    public void Restart()
    {
        _server?.CloseClients();
        _server?.Dispose();
        var store = new MemoryStore("sized", _size());
        var device = new MemoryDevice(_loop, "sized", store, new QueueOptions());
        device.Start();
        _server = new NbdServer(
            _loop, _network, _endpoint, [new NbdExport("x", device)],
            new NbdClients(_loop, _pool), _ => { });
        _server.Start();
    }

    public void Dispose()
    {
        _server?.Dispose();
        _pool.Dispose();
    }
}
