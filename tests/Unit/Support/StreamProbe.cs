// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Io;
using Braid.Io.Abi;

namespace Braid.Tests.Unit.Support;

/// <summary>
/// A handler of a stream for tests: keeps what it receives, and calls the test back on the loop's
/// thread. Nothing is asserted there: an exception would end the process.
/// </summary>
internal sealed unsafe class StreamProbe : IStreamHandler, IDisposable
{
    private const int Window = 64 * 1024;

    private readonly byte* _window = (byte*)NativeMemory.AllocZeroed(Window);
    private readonly MemoryStream _received = new();

    public StreamSocket Stream { get; set; } = null!;

    /// <summary>Bytes to take in one receive; 0 pauses.</summary>
    public int Room { get; set; } = Window;

    /// <summary>Where in its memory it receives; asked for when a receive is prepared.</summary>
    public int Place { get; set; }

    /// <summary>Called before each receive.</summary>
    public Action? Preparing { get; set; }

    /// <summary>Called with the bytes that came.</summary>
    public Action<int>? Received { get; set; }

    public Action? Sent { get; set; }

    public Action? OnEnd { get; set; }

    public List<StreamEnd> Ends { get; } = [];

    /// <summary>Times that receiving was paused.</summary>
    public int Pauses { get; private set; }

    public byte[] Bytes => _received.ToArray();

    public long Count => _received.Length;

    public bool AwaitsSent => Sent is not null;

    public int ReceivesPerTurn { get; set; } = 1;

    public int PrepareReceive(iovec* vectors)
    {
        Preparing?.Invoke();
        if (Room == 0)
        {
            Pauses++;
            return 0;
        }
        // Two vectors, so that both ways of receiving are used.
        int first = (Room + 1) / 2;
        vectors[0] = new iovec(_window + Place, first);
        if (Room == first) return 1;
        vectors[1] = new iovec(_window + Place + first, Room - first);
        return 2;
    }

    public void OnReceived(int bytes)
    {
        _received.Write(new ReadOnlySpan<byte>(_window + Place, bytes));
        Received?.Invoke(bytes);
    }

    public void OnSent() => Sent?.Invoke();

    public void OnClosed(StreamEnd reason)
    {
        Ends.Add(reason);
        OnEnd?.Invoke();
    }

    /// <summary>Its memory at that place.</summary>
    public byte[] Memory(int place, int length) =>
        new ReadOnlySpan<byte>(_window + place, length).ToArray();

    public void Dispose() => NativeMemory.Free(_window);
}
