// SPDX-License-Identifier: Apache-2.0
using System.Net.Sockets;
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop.Chaos;

/// <summary>
/// Clients that write the same blocks at the same time, and know what may be read there. Each has a
/// connection and a thread.
/// </summary>
internal sealed class Checker : IDisposable
{
    /// <summary>So many blocks in one I/O.</summary>
    public const int MaxBlocks = 8;

    /// <summary>Every other I/O goes to the first blocks: the most rewrites are there.</summary>
    private const int HotBlocks = 48;

    /// <summary>Each worker rests for up to so long after an I/O.</summary>
    private const int MaxRestMs = 16;

    /// <summary>An I/O that takes longer is lost: no fault is so long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private readonly List<Thread> _threads = [];
    private readonly List<BlockingNbd> _clients = [];
    private readonly BlockHistory _history;
    private readonly Findings _findings;
    private volatile bool _stop;
    private long _bytesVerified;

    public Checker(int blocks, Findings findings)
    {
        _history = new BlockHistory(blocks);
        _findings = findings;
    }

    public IoLog Log { get; } = new();

    public long BytesVerified => Interlocked.Read(ref _bytesVerified);

    public long Bytes => (long)_history.Blocks * Stamp.BlockBytes;

    /// <summary>Writes every block once, then lets the workers go.</summary>
    public async Task StartAsync(string socketPath, string export, int workers, int seed)
    {
        for (int i = 0; i < workers; i++)
            _clients.Add(await BlockingNbd.ConnectAsync(socketPath, export, Patience));
        byte[] buffer = NewBuffer();
        for (int first = 0; first < _history.Blocks; first += MaxBlocks)
            Write(_clients[0], buffer, first, Math.Min(MaxBlocks, _history.Blocks - first), 0);
        foreach (BlockingNbd client in _clients)
        {
            var random = new Random(HashCode.Combine(seed, _threads.Count));
            var thread = new Thread(() => Work(client, random)) { IsBackground = true };
            _threads.Add(thread);
            thread.Start();
        }
    }

    /// <summary>Waits until the I/Os under way have ended.</summary>
    public void Stop()
    {
        _stop = true;
        foreach (Thread thread in _threads) thread.Join();
    }

    /// <summary>After <see cref="Stop"/>: every block once more, by the export.</summary>
    public void VerifyExport() => Guard(() =>
    {
        byte[] buffer = NewBuffer();
        for (int first = 0; first < _history.Blocks; first += MaxBlocks)
            Read(_clients[0], buffer, first, Math.Min(MaxBlocks, _history.Blocks - first));
    });

    /// <summary>And once more, in the file below.</summary>
    public void VerifyFile(string path)
    {
        using FileStream file = File.Open(
            path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] buffer = new byte[Stamp.BlockBytes];
        for (int block = 0; block < _history.Blocks; block++)
        {
            file.ReadExactly(buffer);
            long[] floor = new long[1];
            _history.BeginRead(block, floor);
            Judge(buffer, block, floor, ChaosClock.Now);
        }
    }

    public void Dispose()
    {
        _stop = true;
        foreach (BlockingNbd client in _clients) client.Dispose();
    }

    private static byte[] NewBuffer() => new byte[MaxBlocks * Stamp.BlockBytes];

    private void Work(BlockingNbd client, Random random)
    {
        byte[] buffer = NewBuffer();
        Guard(() =>
        {
            while (!_stop)
            {
                DoOne(client, buffer, random);
                Thread.Sleep(random.Next(MaxRestMs));
            }
        });
    }

    /// <summary>A worker that has lost its connection is an error, and ends.</summary>
    private void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (Exception error) when (error is SocketException or ChaosException
            or ObjectDisposedException)
        {
            if (!_stop || error is ChaosException) _findings.Error($"checker: {error.Message}");
        }
    }

    private void DoOne(BlockingNbd client, byte[] buffer, Random random)
    {
        int count = random.Next(1, MaxBlocks + 1);
        int area = random.Next(2) == 0 ? HotBlocks : _history.Blocks;
        int first = random.Next(area - count + 1);
        switch (random.Next(100))
        {
            case < 48:
                Write(client, buffer, first, count, 0);
                break;
            case < 52:
                Write(client, buffer, first, count, BlockingNbd.Fua);
                break;
            case < 54:
                _ = Timed(client, RawNbd.Flush, 0, [], 0);
                break;
            default:
                Read(client, buffer, first, count);
                break;
        }
    }

    private void Write(BlockingNbd client, byte[] buffer, int first, int count, ushort flags)
    {
        long number = _history.BeginWrite(first, count);
        Span<byte> data = buffer.AsSpan(0, count * Stamp.BlockBytes);
        for (int i = 0; i < count; i++)
            Stamp.Fill(data.Slice(i * Stamp.BlockBytes, Stamp.BlockBytes), first + i, number);
        if (Timed(client, RawNbd.Write, Offset(first), data, flags)) _history.EndWrite(number);
    }

    private void Read(BlockingNbd client, byte[] buffer, int first, int count)
    {
        Span<long> floors = stackalloc long[count];
        _history.BeginRead(first, floors);
        Span<byte> data = buffer.AsSpan(0, count * Stamp.BlockBytes);
        TimeSpan began = ChaosClock.Now;
        if (Timed(client, RawNbd.Read, Offset(first), data, 0))
            Judge(data, first, floors, began);
    }

    private void Judge(
        ReadOnlySpan<byte> data, int first, ReadOnlySpan<long> floors, TimeSpan began)
    {
        var writes = new List<long>();
        for (int i = 0; i < floors.Length; i++)
        {
            ReadOnlySpan<byte> block = data.Slice(i * Stamp.BlockBytes, Stamp.BlockBytes);
            Stamp.Read(block, first + i, writes);
            ReadVerdict verdict = _history.EndRead(first + i, floors[i], writes);
            if (verdict != ReadVerdict.Allowed && _history.IsNew(first + i, writes[0]))
                _findings.Mismatch(verdict, began, first + i, writes);
        }
        Interlocked.Add(ref _bytesVerified, data.Length);
    }

    private bool Timed(
        BlockingNbd client, ushort command, long offset, Span<byte> data, ushort flags)
    {
        TimeSpan began = ChaosClock.Now;
        uint error = client.Do(command, offset, data, flags);
        TimeSpan ended = ChaosClock.Now;
        string what = command switch
        {
            RawNbd.Read => "read",
            RawNbd.Write => "write",
            _ => "flush",
        };
        int first = (int)(offset / Stamp.BlockBytes);
        Log.Add(new TimedIo(began, ended, what, first, data.Length / Stamp.BlockBytes));
        if (error != 0) _findings.Error($"checker: a {what} failed with {error}");
        return error == 0;
    }

    private static long Offset(int block) => (long)block * Stamp.BlockBytes;
}
