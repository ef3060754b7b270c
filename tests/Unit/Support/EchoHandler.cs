// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Io;
using Braid.Io.Abi;

namespace Braid.Tests.Unit.Support;

/// <summary>
/// Sends back what it receives, through a ring of its own: pauses when that is full, goes on when
/// bytes have left.
/// </summary>
internal sealed unsafe class EchoHandler(int size) : IStreamHandler, IDisposable
{
    private readonly byte* _ring = (byte*)NativeMemory.Alloc((nuint)size);
    private long _received;

    public StreamSocket Stream { get; set; } = null!;

    public int Pauses { get; private set; }

    public int PrepareReceive(iovec* vectors)
    {
        int at = (int)(_received % size);
        int room = (int)Math.Min(size - at, size - (_received - Stream.SentBytes));
        if (room == 0)
        {
            Pauses++;
            return 0;
        }
        vectors[0] = new iovec(_ring + at, room);
        return 1;
    }

    public void OnReceived(int bytes)
    {
        Stream.Send(_ring + (_received % size), bytes);
        _received += bytes;
    }

    public void OnSent() => Stream.ResumeReceive();

    public void OnClosed(StreamEnd reason)
    {
        // The test looks at the other side.
    }

    public void Dispose() => NativeMemory.Free(_ring);
}
