// SPDX-License-Identifier: Apache-2.0
using Braid.Daemon;
using Braid.Io;

namespace Braid.Cli;

/// <summary>Asks a braid by its control socket.</summary>
internal static class ControlClient
{
    /// <summary>
    /// A braid that lives says so every two seconds, however long the answer takes.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <exception cref="ControlException">There was no answer, and why.</exception>
    public static async Task<ControlReply> AskAsync(
        string path, ControlRequest request, CancellationToken cancel)
    {
        byte[] line = ControlJson.Write(request);
        using var network = new SocketNetwork();
        using Connection connection = await ConnectAsync(network, path, cancel);
        var lines = new LineReader(connection, ControlJson.MaxReply);
        try
        {
            await WithinAsync(path, async limit =>
            {
                await connection.WriteAsync(line, limit);
                return true;
            }, cancel);
            byte[] answer = [];
            while (answer.Length == 0)
                answer = await WithinAsync(path, limit => lines.ReadAsync(limit), cancel);
            return ControlJson.ReadReply(answer);
        }
        catch (IOException error)
        {
            throw new ControlException($"the braid at {path} has gone: {error.Message}");
        }
    }

    /// <summary>Those sockets that somebody listens on.</summary>
    public static async Task<string[]> FindLiveAsync(string[] paths, CancellationToken cancel)
    {
        using var network = new SocketNetwork();
        var live = new List<string>();
        foreach (string path in paths)
        {
            try
            {
                using Connection connection = await ConnectAsync(network, path, cancel);
                live.Add(path);
            }
            catch (ControlException)
            {
                // Left by a process that was killed.
            }
        }
        return [.. live];
    }

    private static async Task<Connection> ConnectAsync(
        SocketNetwork network, string path, CancellationToken cancel)
    {
        try
        {
            return await WithinAsync(
                path, limit => network.ConnectAsync(Endpoint.Unix(path), limit), cancel);
        }
        catch (IOException error)
        {
            throw new ControlException($"no braid can be asked: {error.Message}");
        }
    }

    private static async Task<T> WithinAsync<T>(
        string path, Func<CancellationToken, ValueTask<T>> work, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            return await work(both.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new ControlException(
                $"the braid at {path} has shown no sign of life for {Patience.TotalSeconds} s");
        }
    }
}
