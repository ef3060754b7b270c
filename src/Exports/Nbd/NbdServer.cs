// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Exports.Nbd;

/// <summary>
/// An NBD server: listens on one endpoint and serves devices of one loop. Clients shake hands off
/// the loop, each within its time; then the loop serves them.
/// </summary>
public sealed class NbdServer : IDisposable
{
    /// <summary>Clients at the same time, those in their handshake included.</summary>
    private const int MaxClients = 1024;

    /// <summary>A client that has not agreed on an export by then is cut off.</summary>
    private const long HandshakeTimeoutNs = 10_000_000_000;

    private readonly INetwork _network;
    private readonly NbdClients _onLoop;
    private readonly Action<string> _log;

    /// <summary>Null where another server accepts the clients.</summary>
    private readonly Acceptor? _acceptor;
    private readonly HashSet<NbdServerConnection> _clients = [];
    private IReadOnlyList<NbdExport> _exports;
    private int _handshakes;
    private bool _draining;

    /// <summary>Listens at once; clients are served from <see cref="Start"/> on.</summary>
    /// <param name="loop">The loop of the exported devices.</param>
    /// <param name="network">Where to listen.</param>
    /// <param name="endpoint">The same.</param>
    /// <param name="exports">At least one; the first is also the one without a name.</param>
    /// <param name="clients">Of the loop, those of its other servers too.</param>
    /// <param name="log">Takes a line about a client that misbehaved; on the loop.</param>
    /// <exception cref="IOException">The endpoint cannot be had.</exception>
    public NbdServer(
        IoLoop loop, INetwork network, Endpoint endpoint, IReadOnlyList<NbdExport> exports,
        NbdClients clients, Action<string> log)
    {
        Loop = loop;
        _network = network;
        _exports = exports;
        _onLoop = clients;
        _log = log;
        _acceptor = new Acceptor(loop, network, endpoint, Admit, log);
    }

    /// <summary>
    /// One without an endpoint: serves clients whose handshake was another's, on another loop.
    /// </summary>
    /// <param name="loop">The loop of the devices.</param>
    /// <param name="network">Of the other server.</param>
    /// <param name="clients">Of the loop.</param>
    /// <param name="log">As above.</param>
    public NbdServer(IoLoop loop, INetwork network, NbdClients clients, Action<string> log)
    {
        Loop = loop;
        _network = network;
        _exports = [];
        _onLoop = clients;
        _log = log;
    }

    public IoLoop Loop { get; }

    /// <summary>
    /// Where it listens, with the port that was chosen if 0 was asked for; null where another
    /// accepts its clients.
    /// </summary>
    public Endpoint? Endpoint => _acceptor?.Endpoint;

    /// <summary>Has clients served by several loops; null where this one serves all.</summary>
    public NbdSpread? Spread { get; init; }

    /// <summary>
    /// Bytes of the longest command with data, as clients are told: a read has all its memory at
    /// once.
    /// </summary>
    public int MaxPayload => (int)Math.Min(NbdProtocol.MaxPayload, _onLoop.Pool.Bytes);

    /// <summary>Clients being served. On the loop.</summary>
    public int Clients => _clients.Count;

    /// <summary>Hears, on the loop, of each client that has gone.</summary>
    internal Action<NbdExport>? ClientGone { get; set; }

    /// <summary>Who uses a device, for people. On the loop.</summary>
    public IEnumerable<string> ClientsOf(BlockDevice device) =>
        _clients.Where(client => client.Export.Device == device).Select(client => client.Peer);

    /// <summary>True when no client is left after <see cref="Drain"/>.</summary>
    public bool IsDrained => _draining && _clients.Count == 0;

    public void Start() => _acceptor?.Start();

    /// <summary>
    /// On the loop: takes no new client and no new command; each client is let go when its last
    /// command has been answered.
    /// </summary>
    public void Drain()
    {
        _draining = true;
        _acceptor?.Stop();
        foreach (NbdServerConnection client in _clients.ToArray()) client.Drain();
    }

    /// <summary>On the loop: cuts off who is left.</summary>
    public void CloseClients()
    {
        foreach (NbdServerConnection client in _clients.ToArray()) client.Close("shutting down");
    }

    public bool Has(string export) => _exports.Any(one => one.Name == export);

    /// <summary>On the loop: more exports, for clients that come from now on.</summary>
    public void Add(IEnumerable<NbdExport> exports) => _exports = [.. _exports, .. exports];

    /// <summary>On the loop: what is told of the devices to clients from now on.</summary>
    public void Refresh() => _exports =
        [.. _exports.Select(one => one.IsCurrent ? one : one.Renewed)];

    /// <summary>On the loop: exports that device no more. False when nothing is left.</summary>
    public bool Remove(BlockDevice device)
    {
        _exports = [.. _exports.Where(export => export.Device != device)];
        return _exports.Count > 0 || _acceptor is null;
    }

    /// <summary>
    /// On the loop: which client relies on more than a device with that size and those limits can
    /// do, and on what; null when none does.
    /// </summary>
    public string? Objection(BlockDevice device, long sizeBytes, QueueLimits limits)
    {
        foreach (NbdServerConnection client in _clients.Where(client => client.IsOpen))
        {
            NbdExport export = client.Export;
            if (export.Device == device && export.Breaks(sizeBytes, limits) is { } problem)
                return $"client {client.Peer} of '{export.Name}' was told otherwise: {problem}";
        }
        return null;
    }

    public void Dispose() => _acceptor?.Dispose();

    /// <summary>
    /// On the loop: serves a client that another server has accepted. False when it does not, and
    /// the connection is still the other's: what the client was told, this loop's device could not
    /// keep.
    /// </summary>
    internal bool TryTake(NbdClientSession session, Connection connection)
    {
        NbdExport export = session.Export;
        if (_draining || export.Breaks(export.Device.SizeBytes, export.Device.Limits) is not null)
            return false;
        _clients.Add(new NbdServerConnection(this, session, connection, _onLoop));
        return true;
    }

    internal void OnClientClosed(NbdServerConnection client, string reason)
    {
        bool isUsual = reason is "closed by the peer" or "drained" or "shutting down";
        if (!isUsual) _log($"client {client.Peer}: {reason}");
    }

    internal void OnClientGone(NbdServerConnection client)
    {
        _clients.Remove(client);
        ClientGone?.Invoke(client.Export);
    }

    private void Admit(Connection connection)
    {
        if (_draining || (Spread?.Clients ?? _clients.Count) + _handshakes >= MaxClients)
        {
            if (!_draining) _log($"client {connection.Peer}: refused, {MaxClients} are connected");
            connection.Dispose();
            return;
        }
        _handshakes++;
        var attempt = new CancellationTokenSource();
        LoopTimer timer = Loop.CreateTimer(attempt.Cancel);
        timer.Arm(HandshakeTimeoutNs);
        IReadOnlyList<NbdExport> exports = _exports;
        _network.Offload(() => ShakeHandsAsync(connection, exports, attempt, timer));
    }

    private async Task ShakeHandsAsync(
        Connection connection, IReadOnlyList<NbdExport> exports, CancellationTokenSource attempt,
        LoopTimer timer)
    {
        NbdClientSession? session = null;
        string? problem = null;
        try
        {
            session = await new NbdServerHandshake(
                connection, exports, MaxPayload, attempt.Token).RunAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            problem = "the handshake took too long";
        }
        catch (EndOfStreamException)
        {
            // It has looked and gone: `nbdinfo`, a port scan, a health check.
        }
        catch (IOException error)
        {
            problem = error.Message;
        }
        Loop.Post(() =>
        {
            timer.Cancel();
            _handshakes--;
            OnHandshake(connection, session, problem);
        });
    }

    private void OnHandshake(Connection connection, NbdClientSession? session, string? problem)
    {
        // A table has changed meanwhile: it comes again, and is told what is true now.
        if (session is not null && !_exports.Contains(session.Export))
            problem = $"'{session.Export.Name}' has changed while it connected";
        if (problem is not null) _log($"client {connection.Peer}: {problem}");
        if (problem is not null || session is null || _draining)
        {
            connection.Dispose();
            return;
        }
        if (Spread is { } spread) spread.Place(this, session, connection);
        else _clients.Add(new NbdServerConnection(this, session, connection, _onLoop));
    }
}
