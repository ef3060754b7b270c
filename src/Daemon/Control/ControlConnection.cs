// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Daemon;

/// <summary>
/// One client of the control socket: reads its request, has it done, answers, and closes. While the
/// answer takes its time, a blank line tells now and then that the loop lives, and shows whether
/// the client does. Its state is the loop's; reads and writes are off it, one at a time.
/// </summary>
internal sealed class ControlConnection : IDisposable
{
    /// <summary>A client that has not sent its request by then is cut off.</summary>
    private const long RequestTimeoutNs = 10_000_000_000;

    /// <summary>So is one that has not read what it was sent.</summary>
    private const long SendTimeoutNs = 10_000_000_000;

    /// <summary>A sign of life is sent so often.</summary>
    private const long BeatNs = 2_000_000_000;

    private static readonly byte[] Beat = "\n"u8.ToArray();

    private readonly ControlServer _server;
    private readonly Connection _connection;
    private readonly LoopTimer _timer;
    private readonly CancellationTokenSource _cut = new();
    private ControlExchange? _exchange;
    private ControlReply? _reply;
    private bool _isTransferring = true;

    public ControlConnection(ControlServer server, Connection connection)
    {
        _server = server;
        _connection = connection;
        _timer = server.Loop.CreateTimer(OnTimer);
        _timer.Arm(RequestTimeoutNs);
        server.Network.Offload(ReceiveAsync);
    }

    /// <summary>The process ends: whoever waits is told.</summary>
    public void Drain()
    {
        if (_exchange is null) _cut.Cancel();
        else _exchange.Fail("braid is shutting down");
    }

    public void Dispose()
    {
        _timer.Cancel();
        _connection.Dispose();
        _cut.Dispose();
        _exchange?.Abandon();
    }

    private async Task ReceiveAsync()
    {
        ControlRequest? request = null;
        string? problem = null;
        try
        {
            byte[] line = await new LineReader(_connection, ControlJson.MaxRequest)
                .ReadAsync(_cut.Token).ConfigureAwait(false);
            request = ControlJson.ReadRequest(line);
        }
        catch (ControlException error)
        {
            problem = error.Message;
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            // It has looked and gone, or takes too long: nobody is there to be answered.
        }
        _server.Loop.Post(() => OnReceived(request, problem));
    }

    private void OnReceived(ControlRequest? request, string? problem)
    {
        _isTransferring = false;
        _timer.Cancel();
        // In the moment of the cut it may have come after all; but nobody could be answered.
        if (_cut.IsCancellationRequested || _server.IsDraining) Close();
        else if (problem is not null) Answer(ControlReply.Refused(problem));
        else if (request is null) Close();
        else Execute(request);
    }

    private void Execute(ControlRequest request)
    {
        _timer.Arm(BeatNs);
        _exchange = new ControlExchange(request, Answer);
        _server.Commands.Execute(_exchange);
    }

    private void Answer(ControlReply reply)
    {
        _reply = reply;
        if (!_isTransferring) Send(() => ControlJson.Write(reply));
    }

    private void Send(Func<byte[]> data)
    {
        _isTransferring = true;
        _timer.Arm(SendTimeoutNs);
        bool isLast = _reply is not null;
        _server.Network.Offload(() => SendAsync(data, isLast));
    }

    private async Task SendAsync(Func<byte[]> data, bool isLast)
    {
        bool isOver = isLast;
        try
        {
            await _connection.WriteAsync(data(), _cut.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            isOver = true;
        }
        _server.Loop.Post(() => OnSent(isOver));
    }

    private void OnSent(bool isOver)
    {
        _isTransferring = false;
        if (isOver) Close();
        else if (_reply is { } reply) Send(() => ControlJson.Write(reply));
        else _timer.Arm(BeatNs);
    }

    private void OnTimer()
    {
        if (_isTransferring) _cut.Cancel();
        else Send(() => Beat);
    }

    /// <summary>Nothing is read or written now.</summary>
    private void Close()
    {
        _server.OnClosed(this);
        Dispose();
    }
}
