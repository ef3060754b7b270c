// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Tests.Unit.Support;

/// <summary>A network of the machine, a loop, and pairs of connections, over TCP or unix.</summary>
internal sealed class SocketBench(IoBackend backend) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("braid-unit").FullName;

    public static TimeSpan Limit { get; } = TimeSpan.FromSeconds(30);

    public SocketNetwork Network { get; } = new();

    public IoLoop Loop { get; } = Backends.Start(backend);

    public string SocketPath => Path.Combine(_folder, "s.sock");

    public Endpoint AnyEndpoint(bool unix) =>
        unix ? Endpoint.Unix(SocketPath) : Endpoint.Tcp("127.0.0.1", 0);

    public async Task<(Connection Near, Connection Far)> PairAsync(bool unix)
    {
        using Listener listener = Network.Listen(AnyEndpoint(unix));
        Task<Connection> accepting = listener.AcceptAsync(CancellationToken.None).AsTask();
        Connection near = await Network.ConnectAsync(listener.Endpoint, CancellationToken.None);
        return (near, await accepting.WaitAsync(Limit));
    }

    public Task AdoptAsync(Connection connection, StreamProbe probe) => Loop.CallAsync(() =>
    {
        probe.Stream = Loop.Adopt(connection, probe);
        return 0;
    });

    /// <summary>Runs on the loop's thread.</summary>
    public Task OnLoopAsync(Action action) => Loop.CallAsync(() =>
    {
        action();
        return 0;
    }).WaitAsync(Limit);

    /// <summary>Waits until the condition holds, asked on the loop's thread in each turn.</summary>
    public async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!await Loop.CallAsync(condition))
        {
            limit.IsCancellationRequested.ShouldBeFalse("it never happened");
            await Task.Yield();
        }
    }

    public void Dispose()
    {
        Loop.Dispose();
        Network.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
