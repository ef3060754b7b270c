// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Transports.Nbd;

/// <summary>
/// A path to an NBD server. Connects and shakes hands off the loop, serves I/O on it, and when the
/// connection is lost, or an I/O takes too long, gives all I/O back at once and connects again.
/// </summary>
public sealed class NbdDevice : PathDevice
{
    /// <summary>Memory that a bio for <see cref="BlockOperation.Extents"/> brings.</summary>
    public const int ExtentBufferBytes = 4096;

    /// <summary>
    /// Connections that were given up and are still read from; of more than these only time is
    /// proof.
    /// </summary>
    private const int MaxDraining = 8;

    private readonly INetwork _network;
    private readonly NbdUri _uri;
    private readonly LoopTimer _reconnectTimer;
    private readonly LoopTimer _connectTimer;
    private readonly List<NbdClientConnection> _draining = [];
    private NbdClientConnection? _connection;
    private CancellationTokenSource? _attempt;
    private long _delayNs;
    private bool _stopped = true;

    /// <param name="loop">The loop it serves I/O on.</param>
    /// <param name="network">Makes its connections.</param>
    /// <param name="name">As tables call it.</param>
    /// <param name="uri">Where the server is.</param>
    /// <param name="options">Of its queue.</param>
    /// <param name="settings">Its times.</param>
    public NbdDevice(
        IoLoop loop, INetwork network, string name, NbdUri uri, QueueOptions options,
        NbdSettings settings)
        : base(loop, name, uri.ToString(), options)
    {
        _network = network;
        _uri = uri;
        Settings = settings;
        _delayNs = settings.ReconnectDelayNs;
        _reconnectTimer = loop.CreateTimer(Connect);
        _connectTimer = loop.CreateTimer(OnConnectTimeout);
    }

    public NbdSettings Settings { get; }

    /// <summary>Times that a server broke the protocol.</summary>
    public long Breaches { get; private set; }

    public override bool CanAbandon => true;

    /// <summary>Times that a connection was made.</summary>
    public long Connects { get; private set; }

    public override bool IsBusy => base.IsBusy || _connection is { IsFull: true };

    public override void Start()
    {
        if (!_stopped) return;
        _stopped = false;
        Connect();
    }

    public override void Stop()
    {
        _stopped = true;
        _reconnectTimer.Cancel();
        AbandonAttempt();
        foreach (NbdClientConnection given in _draining) given.StopDraining();
        if (_connection is { } connection) connection.Close("stopped", BlockStatus.Offline);
        else Lost("stopped");
    }

    public override void Hurry()
    {
        if (!_reconnectTimer.IsArmed || State != PathState.Down) return;
        _delayNs = Settings.ReconnectDelayNs;
        long leftNs = _reconnectTimer.DueNs - Loop.NowNs;
        _reconnectTimer.Arm(Math.Min(leftNs, Loop.Random.Jitter(_delayNs)));
    }

    public override BlockStatus QueueRequest(Request request)
    {
        if (_connection is not { } connection || State != PathState.Up)
            return BlockStatus.Transport;
        if (request.Operation == BlockOperation.Flush && !Limits.WriteCache)
        {
            // A map that was made before it knew its paths, or has others with a cache, flushes;
            // a server that has not offered to be flushed must not be asked.
            EndLater(request);
            return BlockStatus.Ok;
        }
        connection.Send(request);
        return BlockStatus.Ok;
    }

    public override void Abandon(Request read) => _connection?.Abandon(read);

    /// <summary>Apart: what a closure captures is allocated where its method begins.</summary>
    private void EndLater(Request request) =>
        Loop.Post(() => Queue.Complete(request, BlockStatus.Ok));

    internal void CountBreach() => Breaches++;

    /// <summary>
    /// A connection that was given up wants to be read from until its writes are quiet. False when
    /// too many are already.
    /// </summary>
    internal bool TryDrain(NbdClientConnection connection)
    {
        if (_stopped || _draining.Count == MaxDraining) return false;
        _draining.Add(connection);
        return true;
    }

    /// <summary>
    /// A connection has served an I/O. Only that makes the next wait short again: some servers
    /// shake hands for ever, and serve nothing.
    /// </summary>
    internal void OnServed() => _delayNs = Settings.ReconnectDelayNs;

    /// <summary>
    /// The connection is over. The state changes before its requests come back, so that they are
    /// not sent here again.
    /// </summary>
    internal void OnConnectionClosed(NbdClientConnection connection, string reason)
    {
        _draining.Remove(connection);
        if (_connection != connection) return;
        _connection = null;
        if (State == PathState.Up) Lost(reason);
        ConnectLater();
    }

    protected override void Dispose(bool disposing) => Stop();

    private void Connect()
    {
        if (_stopped) return;
        var attempt = new CancellationTokenSource();
        _attempt = attempt;
        _connectTimer.Arm(Settings.ConnectTimeoutNs);
        _network.Offload(() => ConnectAsync(attempt));
    }

    /// <summary>Off the loop: a server that hangs in its handshake holds up nobody.</summary>
    private async Task ConnectAsync(CancellationTokenSource attempt)
    {
        Connection? connection = null;
        try
        {
            Endpoint endpoint = _uri.SocketPath is { } path
                ? Endpoint.Unix(path)
                : Endpoint.Tcp(_uri.Host, _uri.Port);
            connection = await _network.ConnectAsync(endpoint, attempt.Token)
                .ConfigureAwait(false);
            NbdSession session = await new NbdClientHandshake(
                connection, _uri.Export, attempt.Token).RunAsync().ConfigureAwait(false);
            Connection made = connection;
            Loop.Post(() => OnConnected(attempt, made, session));
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            connection?.Dispose();
            Loop.Post(() => OnConnectFailed(attempt, error.Message));
        }
    }

    private void OnConnected(
        CancellationTokenSource attempt, Connection connection, NbdSession session)
    {
        if (attempt != _attempt)
        {
            connection.Dispose();
            return;
        }
        AbandonAttempt();
        Connects++;
        var made = new NbdClientConnection(this, session, connection);
        _connection = made;
        Remark = Settings.IsOneOfSeveral && !session.IsCoherent
            ? "its server does not promise that a flush on one connection covers the others"
            : "";
        if (Reached(session.SizeBytes, session.Limits())) return;
        // It may be replaced by the right one some day: ask again, but not often.
        _delayNs = Settings.ReconnectDelayMaxNs;
        made.Close(Problem, BlockStatus.Offline);
    }

    private void OnConnectFailed(CancellationTokenSource attempt, string reason)
    {
        if (attempt != _attempt) return;
        AbandonAttempt();
        Lost(reason);
        ConnectLater();
    }

    private void OnConnectTimeout()
    {
        AbandonAttempt();
        Lost($"no connection within {Settings.ConnectTimeoutNs / 1_000_000} ms");
        ConnectLater();
    }

    private void ConnectLater()
    {
        if (_stopped)
        {
            Lost("stopped");
            return;
        }
        _reconnectTimer.Arm(Loop.Random.Jitter(_delayNs));
        _delayNs = Math.Min(_delayNs * 2, Settings.ReconnectDelayMaxNs);
    }

    private void AbandonAttempt()
    {
        _connectTimer.Cancel();
        _attempt?.Cancel();
        _attempt = null;
    }
}
