// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Exports.Nbd;
using Braid.Io;
using Braid.Mapper;
using Microsoft.Extensions.Logging;

namespace Braid.Daemon;

/// <summary>Where clients find the maps: a server for each endpoint. On the loop.</summary>
public sealed class ExportSet : IDisposable
{
    private readonly IoLoop _loop;
    private readonly INetwork _network;
    private readonly NbdClients _clients;
    private readonly ILogger _logger;
    private readonly List<NbdServer> _servers = [];
    private readonly List<(MappedDevice Map, string Uri)> _uris = [];

    /// <summary>Null where one loop serves all clients, and where another accepts them.</summary>
    private NbdSpread? _spread;

    /// <param name="loop">The loop of the maps.</param>
    /// <param name="network">Where to listen.</param>
    /// <param name="clients">Those of the loop that the servers will have.</param>
    /// <param name="logger">Takes a line about a client that misbehaves.</param>
    public ExportSet(IoLoop loop, INetwork network, NbdClients clients, ILogger logger)
    {
        _loop = loop;
        _network = network;
        _clients = clients;
        _logger = logger;
    }

    public IReadOnlyList<NbdServer> Servers => _servers;

    /// <summary>The URIs that clients use, in the order in which they were asked for.</summary>
    public IEnumerable<string> Uris => _uris.Select(entry => entry.Uri);

    /// <summary>True when the clients are gone after <see cref="Drain"/>.</summary>
    public bool IsDrained => _servers.TrueForAll(server => server.IsDrained);

    public IEnumerable<string> UrisOf(MappedDevice map) =>
        _uris.Where(entry => entry.Map == map).Select(entry => entry.Uri);

    /// <summary>Who uses a map, for people.</summary>
    public IEnumerable<string> ClientsOf(MappedDevice map) =>
        _servers.SelectMany(server => server.ClientsOf(map));

    /// <summary>Serves clients that another loop accepts: before any is there.</summary>
    internal NbdServer ServeForAnother()
    {
        var server = new NbdServer(_loop, _network, _clients, Warn);
        _servers.Add(server);
        return server;
    }

    /// <summary>Has other loops serve a share of the clients: before any is there.</summary>
    internal void SpreadOver(NbdSpread spread) => _spread = spread;

    /// <summary>Takes no clients of a map that may be about to go, or takes them again.</summary>
    internal void Close(MappedDevice map, bool isClosed)
    {
        if (isClosed) _spread?.Close(map);
        else _spread?.Open(map);
    }

    /// <summary>Exports a map; several URIs may share an endpoint, also with other maps.</summary>
    /// <param name="map">The map, on this loop.</param>
    /// <param name="uris">Where.</param>
    /// <param name="channels">The same on all loops; null where there is one.</param>
    /// <exception cref="MapException">An address cannot be had, or a name there.</exception>
    public void Add(
        MappedDevice map, IEnumerable<ExportUri> uris, MapChannels? channels = null)
    {
        BlockDevice[]? twins = channels is null
            ? null
            : [.. Enumerable.Range(0, channels.Count).Select(channels.On)];
        foreach (IGrouping<Endpoint, ExportUri> wanted in uris.GroupBy(uri => uri.Endpoint))
        {
            NbdExport[] exports = [.. wanted.Select(uri => new NbdExport(uri.Name, map, twins))];
            NbdServer server = Serve(wanted.Key, exports);
            foreach (NbdExport export in exports)
                _uris.Add((map, ExportUri.Describe(server.Endpoint!, export.Name)));
        }
    }

    /// <summary>Exports a map no more.</summary>
    public void Remove(MappedDevice map)
    {
        _uris.RemoveAll(entry => entry.Map == map);
        _spread?.Forget(map);
        foreach (NbdServer server in _servers.ToArray())
        {
            if (server.Remove(map)) continue;
            server.Dispose();
            _servers.Remove(server);
        }
    }

    /// <summary>After a table went live: clients that come are told what is true now.</summary>
    public void Refresh()
    {
        foreach (NbdServer server in _servers) server.Refresh();
    }

    /// <summary>Which client relies on more than a map would keep; null when none does.</summary>
    public string? Objection(MappedDevice map, long sizeBytes, QueueLimits limits) =>
        _servers.Select(server => server.Objection(map, sizeBytes, limits))
            .FirstOrDefault(objection => objection is not null);

    /// <summary>No new clients and commands; what is in flight ends and is answered.</summary>
    public void Drain()
    {
        foreach (NbdServer server in _servers) server.Drain();
    }

    /// <summary>Cuts off who is left.</summary>
    public void CloseClients()
    {
        foreach (NbdServer server in _servers) server.CloseClients();
    }

    public void Dispose()
    {
        foreach (NbdServer server in _servers) server.Dispose();
    }

    /// <summary>The server of that endpoint, which may be there already.</summary>
    private NbdServer Serve(Endpoint endpoint, NbdExport[] exports)
    {
        if (_servers.Find(server => server.Endpoint == endpoint) is { } shared)
        {
            if (exports.FirstOrDefault(export => shared.Has(export.Name)) is { } taken)
                throw new MapException($"{endpoint} has an export '{taken.Name}' already");
            shared.Add(exports);
            return shared;
        }
        NbdServer server = Open(endpoint, exports);
        _servers.Add(server);
        server.Start();
        return server;
    }

    private void Warn(string text) => _logger.LogWarning("{Text}", text);

    private NbdServer Open(Endpoint endpoint, NbdExport[] exports)
    {
        try
        {
            return new NbdServer(_loop, _network, endpoint, exports, _clients, Warn)
            {
                Spread = _spread,
            };
        }
        catch (IOException error)
        {
            throw new MapException(error.Message);
        }
    }
}
