// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Exports.Nbd;
using Braid.Io;
using Braid.Mapper;
using Braid.Transports.Nbd;
using Braid.Wire.Nbd;

namespace Braid.Tests.Fuzz;

/// <summary>
/// One NBD server, one device behind it, cut in two halves by linear maps: hostile clients may have
/// the first, the second is that of a client who behaves, and must never notice them.
/// </summary>
internal sealed class ServerWorld : IDeviceResolver, IMapObserver, IDisposable
{
    public const int HalfBytes = 64 * 1024;

    private const long Second = 1_000_000_000;

    /// <summary>More than the server gives a handshake.</summary>
    private const long OverHandshakeNs = 11 * Second;

    private static readonly Endpoint At = Endpoint.Unix("/fuzz/server");

    /// <summary>Small: two long commands hold all of it.</summary>
    private readonly BufferPool _pool = new(BufferPool.MaxBuffer);

    private readonly byte[] _volume = new byte[2 * HalfBytes];
    private readonly byte[] _model = new byte[HalfBytes];
    private readonly FuzzVolume _device;
    private readonly MappedDevice[] _maps;
    private readonly NbdServer _server;
    private readonly NbdDevice _client;
    private readonly Dictionary<int, HostileClient> _hostile = [];
    private readonly List<HostileClient> _all = [];

    public ServerWorld()
    {
        Network = new FuzzNetwork(Loop);
        _device = new FuzzVolume(Loop, _volume, depth: 8);
        _maps = [Map("x", 0), Map("secret", HalfBytes / Table.SectorSize)];
        _server = new NbdServer(
            Loop, Network, At, [.. _maps.Select(map => new NbdExport(map.Name, map))],
            new NbdClients(Loop, _pool),
            line => Check(line.Length is > 0 and < 1000, $"a line of {line.Length} letters"));
        _server.Start();
        _client = new NbdDevice(
            Loop, Network, "client", NbdUri.Parse("nbd+unix:///secret?socket=/fuzz/server"),
            new QueueOptions { Depth = 4 }, new NbdSettings());
        _client.Start();
        Await(() => _client.State == PathState.Up, "the good client is not served");
        Load = new FuzzLoad(_client, _model, new LoopRandom(1), depth: 2);
    }

    public SimulatedLoop Loop { get; } = new(seed: 1);

    public FuzzNetwork Network { get; }

    /// <summary>The I/O of the client that behaves.</summary>
    public FuzzLoad Load { get; }

    /// <summary>Bytes that the clients have sent and were sent.</summary>
    public long Traffic =>
        Load.Bytes + _all.Sum(client => (long)client.Sent.Length + client.Received.Length);

    /// <summary>Whether anybody hostile was let in.</summary>
    public bool HasServed { get; private set; }

    public SimulatedLink Link => Network.Inner.Link(At);

    public BlockDevice? FindOrNull(string name) => name == "@volume" ? _device : null;

    public BlockDevice Find(string name) =>
        FindOrNull(name) ?? throw new TableException($"no device '{name}'");

    /// <summary>The hostile client of that number; a new one where it has gone.</summary>
    public HostileClient Client(int number)
    {
        if (_hostile.TryGetValue(number, out HostileClient? client) && client.IsOpen) return client;
        client = new HostileClient(Loop, Network.Inner, At);
        _all.Add(client);
        return _hostile[number] = client;
    }

    public void RunFor(long ns)
    {
        Loop.RunFor(ns);
        HasServed |= _server.Clients > 1;
    }

    /// <summary>
    /// Whatever was done: the good client is served, the others are answered what they may be
    /// answered, and when all have gone nothing is left.
    /// </summary>
    public void End()
    {
        Load.Add(4);
        Await(() => Load.IsIdle, "the good client's I/O does not end");
        RunFor(10_000_000);
        foreach (HostileClient client in _all)
        {
            ReplyCheck.Check(client.Sent, client.Received, client.IsOpen, client.IsLeft);
            client.End();
        }
        RunFor(OverHandshakeNs);
        Await(() => _server.Clients == 1, "a hostile client is not let go");
        Load.Add(2);
        Await(() => Load.IsIdle, "the good client's last I/O does not end");
        Check(_client.Connects == 1 && _client.Breaches == 0, "the good client was disturbed");
        Check(_volume.AsSpan(HalfBytes).SequenceEqual(_model), "the good client's data is lost");
        _client.Stop();
        RunFor(Second);
        CheckLeft();
    }

    public void OnLog(MappedDevice map, string text) => Check(text.Length > 0, "an empty line");

    public void OnPathChanged(MappedDevice map, BlockDevice path, bool isActive, int validPaths) =>
        Check(false, "there is no path");

    public void Dispose()
    {
        _server.Dispose();
        _pool.Dispose();
    }

    private static void Check(bool condition, string what)
    {
        if (!condition) throw new FuzzException(what);
    }

    private MappedDevice Map(string name, long start)
    {
        var parser = new TableParser([.. TargetTypes.All], this);
        string table = $"0 {HalfBytes / Table.SectorSize} linear @volume {start}";
        return MappedDevice.Create(
            Loop, name, host => parser.Parse(table, host), new QueueOptions { Depth = 8 }, this);
    }

    private void Await(Func<bool> condition, string what) =>
        Check(Loop.RunUntil(condition, 5 * Second), what);

    private void CheckLeft()
    {
        Network.CheckWork();
        Check(_server.Clients == 0, $"{_server.Clients} clients are left");
        Check(_pool.InUse == 0, $"{_pool.InUse} bytes of the pool are left");
        Check(_client.Queue.Tags.InUse == 0, "tags of the client are left");
        Check(_device.Queue.Tags.InUse == 0, "tags of the device are left");
        foreach (MappedDevice map in _maps)
        {
            Check(map.InFlight == 0, $"I/O of {map.Name} is left");
            Check(map.OpenCount == 0, $"{map.Name} is left open");
        }
    }
}
