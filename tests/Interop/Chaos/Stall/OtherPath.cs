// SPDX-License-Identifier: Apache-2.0
using System.Net.Sockets;
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop.Chaos;

/// <summary>
/// I/O that goes to one path for certain: through a second map of the same Braid, on the same loop,
/// that has no other. Its latency shows whether the loop, or the path, is disturbed.
/// </summary>
internal sealed class OtherPath : IDisposable
{
    private const int BlockBytes = 4096;

    private readonly List<BlockingNbd> _clients = [];
    private readonly List<Thread> _threads = [];
    private readonly long _blocks;
    private readonly Findings _findings;
    private volatile bool _stop;

    private OtherPath(long bytes, Findings findings) =>
        (_blocks, _findings) = (bytes / BlockBytes, findings);

    public IoLog Log { get; } = new();

    /// <summary>Makes the map over the path, and reads from it from then on.</summary>
    public static async Task<OtherPath> StartAsync(
        ChaosStage stage, ChaosPath path, long bytes, Findings findings)
    {
        string socket = await stage.CreateMapAsync("other", path, bytes);
        var other = new OtherPath(bytes, findings);
        for (int i = 0; i < 2; i++)
        {
            BlockingNbd client = await BlockingNbd.ConnectAsync(
                socket, ChaosStage.Export, TimeSpan.FromSeconds(40));
            var thread = new Thread(() => other.Work(client)) { IsBackground = true };
            other._clients.Add(client);
            other._threads.Add(thread);
            thread.Start();
        }
        return other;
    }

    public void Stop()
    {
        _stop = true;
        foreach (Thread thread in _threads) thread.Join();
    }

    public void Dispose()
    {
        _stop = true;
        foreach (BlockingNbd client in _clients) client.Dispose();
    }

    private void Work(BlockingNbd client)
    {
        byte[] data = new byte[BlockBytes];
        try
        {
            while (!_stop)
            {
                long block = Random.Shared.NextInt64(_blocks);
                TimeSpan began = ChaosClock.Now;
                uint error = client.Do(RawNbd.Read, block * BlockBytes, data);
                Log.Add(new TimedIo(began, ChaosClock.Now, "read", (int)block, 1));
                if (error != 0) _findings.Error($"other path: a read failed with {error}");
                Thread.Sleep(1);
            }
        }
        catch (SocketException error)
        {
            if (!_stop) _findings.Error($"other path: {error.Message}");
        }
    }
}
