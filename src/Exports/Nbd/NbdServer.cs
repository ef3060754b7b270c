// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

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

    /// <summary>After a failed accept, usually for want of descriptors.</summary>
    private const long AcceptRetryNs = 100_000_000;

    private readonly INetwork _network;
    private readonly IReadOnlyList<NbdExport> _exports;
    private readonly BufferPool _pool;
    private readonly Action<string> _log;
    private readonly Listener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationToken _stopping;
    private readonly HashSet<NbdServerConnection> _clients = [];
    private int _handshakes;
    private bool _draining;

    /// <summary>Listens at once; clients are served from <see cref="Start"/> on.</summary>
    /// <param name="loop">The loop of the exported devices.</param>
    /// <param name="network">Where to listen.</param>
    /// <param name="endpoint">The same.</param>
    /// <param name="exports">At least one; the first is also the one without a name.</param>
    /// <param name="pool">I/O memory of the loop, shared with its other servers.</param>
    /// <param name="log">Takes a line about a client that misbehaved; on the loop.</param>
    /// <exception cref="IOException">The endpoint cannot be had.</exception>
    public NbdServer(
        IoLoop loop, INetwork network, Endpoint endpoint, IReadOnlyList<NbdExport> exports,
        BufferPool pool, Action<string> log)
    {
        Loop = loop;
        _network = network;
        _exports = exports;
        _pool = pool;
        _log = log;
        _stopping = _stop.Token;
        _listener = network.Listen(endpoint);
    }

    public IoLoop Loop { get; }

    /// <summary>Where it listens, with the port that was chosen if 0 was asked for.</summary>
    public Endpoint Endpoint => _listener.Endpoint;

    /// <summary>Clients being served. On the loop.</summary>
    public int Clients => _clients.Count;

    /// <summary>True when no client is left after <see cref="Drain"/>.</summary>
    public bool IsDrained => _draining && _clients.Count == 0;

    public void Start() => _network.Offload(AcceptAsync);

    /// <summary>
    /// On the loop: takes no new client and no new command; each client is let go when its last
    /// command has been answered.
    /// </summary>
    public void Drain()
    {
        _draining = true;
        _stop.Cancel();
        foreach (NbdServerConnection client in _clients.ToArray()) client.Drain();
    }

    /// <summary>On the loop: cuts off who is left.</summary>
    public void CloseClients()
    {
        foreach (NbdServerConnection client in _clients.ToArray()) client.Close("shutting down");
    }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    internal void OnClientClosed(NbdServerConnection client, string reason)
    {
        bool isUsual = reason is "closed by the peer" or "drained" or "shutting down";
        if (!isUsual) _log($"client {client.Peer}: {reason}");
    }

    internal void OnClientGone(NbdServerConnection client) => _clients.Remove(client);

    private async Task AcceptAsync()
    {
        CancellationToken stop = _stopping;
        while (true)
        {
            try
            {
                Connection connection = await _listener.AcceptAsync(stop)
                    .ConfigureAwait(false);
                Loop.Post(() => Admit(connection));
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (IOException error)
            {
                Loop.Post(() => RetryAccept(error.Message));
                return;
            }
        }
    }

    private void RetryAccept(string reason)
    {
        _log($"{reason}; accepting again in {AcceptRetryNs / 1_000_000} ms");
        Loop.CreateTimer(Start).Arm(AcceptRetryNs);
    }

    private void Admit(Connection connection)
    {
        if (_draining || _clients.Count + _handshakes >= MaxClients)
        {
            if (!_draining) _log($"client {connection.Peer}: refused, {MaxClients} are connected");
            connection.Dispose();
            return;
        }
        _handshakes++;
        var attempt = new CancellationTokenSource();
        LoopTimer timer = Loop.CreateTimer(attempt.Cancel);
        timer.Arm(HandshakeTimeoutNs);
        _network.Offload(() => ShakeHandsAsync(connection, attempt, timer));
    }

    private async Task ShakeHandsAsync(
        Connection connection, CancellationTokenSource attempt, LoopTimer timer)
    {
        NbdClientSession? session = null;
        string? problem = null;
        try
        {
            session = await new NbdServerHandshake(connection, _exports, attempt.Token).RunAsync()
                .ConfigureAwait(false);
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
        if (problem is not null) _log($"client {connection.Peer}: {problem}");
        if (session is null || _draining)
        {
            connection.Dispose();
            return;
        }
        _clients.Add(new NbdServerConnection(this, session, connection, _pool));
    }
}
