// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>
/// Takes the clients of one endpoint, for as long as it is there, and hands each to a loop. Owned
/// by a server; to be used on the loop.
/// </summary>
public sealed class Acceptor : IDisposable
{
    /// <summary>After a failed accept, usually for want of descriptors.</summary>
    private const long RetryNs = 100_000_000;

    private readonly IoLoop _loop;
    private readonly INetwork _network;
    private readonly Listener _listener;
    private readonly Action<Connection> _admit;
    private readonly Action<string> _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationToken _stopping;

    /// <summary>Listens at once; clients are taken from <see cref="Start"/> on.</summary>
    /// <param name="loop">Where the clients go.</param>
    /// <param name="network">Where to listen.</param>
    /// <param name="endpoint">The same.</param>
    /// <param name="admit">Gets each client, on the loop.</param>
    /// <param name="log">Takes a line about an accept that failed, on the loop.</param>
    /// <exception cref="IOException">The endpoint cannot be had.</exception>
    public Acceptor(
        IoLoop loop, INetwork network, Endpoint endpoint, Action<Connection> admit,
        Action<string> log)
    {
        _loop = loop;
        _network = network;
        _admit = admit;
        _log = log;
        _stopping = _stop.Token;
        _listener = network.Listen(endpoint);
    }

    /// <summary>Where it listens, with the port that was chosen if 0 was asked for.</summary>
    public Endpoint Endpoint => _listener.Endpoint;

    public void Start() => _network.Offload(AcceptAsync);

    /// <summary>Takes no more clients; the endpoint is still there.</summary>
    public void Stop() => _stop.Cancel();

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                Connection connection = await _listener.AcceptAsync(_stopping)
                    .ConfigureAwait(false);
                _loop.Post(() => _admit(connection));
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (IOException error)
            {
                _loop.Post(() => Retry(error.Message));
                return;
            }
        }
    }

    private void Retry(string reason)
    {
        if (_stopping.IsCancellationRequested) return;
        _log($"{reason}; accepting again in {RetryNs / 1_000_000} ms");
        _loop.CreateTimer(Start).Arm(RetryNs);
    }
}
