// SPDX-License-Identifier: Apache-2.0
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>
/// The receiving half of a protocol with headers and payloads: headers, and small payloads behind
/// them, arrive in a staging buffer; a payload under way arrives where it belongs, without a copy.
/// Owned by one stream's handler, on its loop.
/// </summary>
public sealed unsafe class ReceiveBuffer : IDisposable
{
    /// <summary>
    /// A payload of this size or more is worth receiving in place: from one on, and until a smaller
    /// one begins, the staging window is small, so that the next is not copied through it. Behind
    /// one that is under way it is a header's.
    /// </summary>
    private const int LargePayload = 32 * 1024;

    private const int SmallWindow = 4 * 1024;

    private byte* _staging;
    private readonly int _capacity;
    private readonly int _headerBytes;
    private readonly iovec* _payload;
    private readonly int _maxPayloadVectors;
    private int _head;
    private int _tail;
    private int _payloadNext;
    private int _payloadCount;
    private bool _largePayloads;

    /// <param name="capacity">Bytes of staging; bounds what one receive of headers can
    /// bring.</param>
    /// <param name="maxPayloadVectors">Ranges of memory one payload may be spread over.</param>
    /// <param name="headerBytes">Of the header that comes before a large payload.</param>
    public ReceiveBuffer(int capacity, int maxPayloadVectors, int headerBytes)
    {
        _capacity = capacity;
        _headerBytes = headerBytes;
        _maxPayloadVectors = maxPayloadVectors;
        _staging = (byte*)NativeMemory.AlignedAlloc((nuint)capacity, 4096);
        _payload = (iovec*)NativeMemory.Alloc((nuint)maxPayloadVectors, (nuint)sizeof(iovec));
    }

    /// <summary>Staged bytes that nobody has taken yet.</summary>
    public int Available => _tail - _head;

    /// <summary>Bytes that the payload under way still lacks.</summary>
    public long PayloadLeft { get; private set; }

    /// <summary>A large payload is under way.</summary>
    public bool IsInLargePayload => _largePayloads && PayloadLeft > 0;

    /// <summary>The staged bytes; valid until the next receive.</summary>
    public byte* Staged => _staging + _head;

    /// <summary>Takes <paramref name="bytes"/> staged bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Skip(int bytes) => _head += bytes;

    /// <summary>Begins a payload that goes to ranges added with <see cref="AddPayload"/>.</summary>
    public void BeginPayload()
    {
        _payloadNext = _payloadCount = 0;
        PayloadLeft = 0;
    }

    /// <summary>Adds a range to the payload. Neighbours are joined.</summary>
    public void AddPayload(byte* data, int length)
    {
        PayloadLeft += length;
        _largePayloads = PayloadLeft >= LargePayload;
        if (_payloadCount > 0)
        {
            iovec* last = _payload + _payloadCount - 1;
            if (last->iov_base + last->iov_len == data)
            {
                last->iov_len += (nuint)length;
                return;
            }
        }
        Invariant.That(_payloadCount < _maxPayloadVectors);
        _payload[_payloadCount++] = new iovec(data, length);
    }

    /// <summary>Moves staged bytes into the payload. True when the payload is complete.</summary>
    public bool FillPayload()
    {
        while (PayloadLeft > 0 && Available > 0)
        {
            iovec* target = _payload + _payloadNext;
            int count = (int)Math.Min((long)target->iov_len, Available);
            Unsafe.CopyBlockUnaligned(target->iov_base, _staging + _head, (uint)count);
            _head += count;
            AdvancePayload(count);
        }
        return PayloadLeft == 0;
    }

    /// <summary>
    /// For <see cref="IStreamHandler.PrepareReceive"/>: payload first, staging last.
    /// </summary>
    public int Prepare(iovec* vectors)
    {
        // What is staged comes before what is received, and would go behind it.
        Invariant.That(PayloadLeft == 0 || Available == 0);
        Compact();
        int count = 0;
        int room = StreamSocket.MaxReceiveVectors - 1;
        if (PayloadLeft > 0)
        {
            for (int i = _payloadNext; i < _payloadCount && count < room; i++)
                vectors[count++] = _payload[i];
            if (count < _payloadCount - _payloadNext) return count;
        }
        int window = _capacity - _tail;
        if (IsInLargePayload) window = Math.Min(window, _headerBytes);
        else if (_largePayloads) window = Math.Min(window, SmallWindow);
        if (window > 0) vectors[count++] = new iovec(_staging + _tail, window);
        return count;
    }

    /// <summary>For <see cref="IStreamHandler.OnReceived"/>: accounts what came.</summary>
    public void Received(int bytes)
    {
        while (bytes > 0 && PayloadLeft > 0)
        {
            int count = (int)Math.Min((long)_payload[_payloadNext].iov_len, bytes);
            AdvancePayload(count);
            bytes -= count;
        }
        _tail += bytes;
        Invariant.That(_tail <= _capacity);
    }

    public void Dispose()
    {
        Invariant.That(_staging is not null);
        NativeMemory.AlignedFree(_staging);
        NativeMemory.Free(_payload);
        _staging = null;
    }

    private void AdvancePayload(int count)
    {
        iovec* target = _payload + _payloadNext;
        target->iov_base += count;
        target->iov_len -= (nuint)count;
        PayloadLeft -= count;
        if (target->iov_len == 0) _payloadNext++;
    }

    private void Compact()
    {
        int left = Available;
        if (left > 0 && _head > 0)
            Buffer.MemoryCopy(_staging + _head, _staging, _capacity, left);
        _head = 0;
        _tail = left;
    }
}
