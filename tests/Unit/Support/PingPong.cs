// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Io;
using Braid.Io.Abi;

namespace Braid.Tests.Unit.Support;

/// <summary>Sends a byte for each that it receives, so many times.</summary>
internal sealed unsafe class PingPong(int rounds) : IStreamHandler, IDisposable
{
    private readonly byte* _ball = (byte*)NativeMemory.AllocZeroed(1);
    private int _left = rounds;

    public StreamSocket Stream { get; set; } = null!;

    public required IoLoop Loop { get; init; }

    public bool IsOver => _left == 0;

    /// <summary>Of the loop, when it was over.</summary>
    public long SystemCalls { get; private set; }

    /// <summary>By the loop's thread, when it was over.</summary>
    public long AllocatedBytes { get; private set; }

    public bool AwaitsSent => false;

    public void Serve() => Stream.Send(_ball, 1);

    public int PrepareReceive(iovec* vectors)
    {
        vectors[0] = new iovec(_ball, 1);
        return 1;
    }

    public void OnReceived(int bytes)
    {
        if (_left == 0) return;
        if (--_left > 0) Serve();
        SystemCalls = Loop.Statistics.SystemCalls;
        AllocatedBytes = GC.GetAllocatedBytesForCurrentThread();
    }

    public void OnSent()
    {
        // The other one says so.
    }

    public void OnClosed(StreamEnd reason)
    {
        // The test is over.
    }

    public void Dispose() => NativeMemory.Free(_ball);
}
