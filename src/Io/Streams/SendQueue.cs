// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>
/// What a stream has still to send: vectors over memory of others. Neighbours in memory are joined
/// unless the entry before may be on its way already. Grows by doubling, within a bound.
/// </summary>
internal sealed unsafe class SendQueue : IDisposable
{
    /// <summary>Entries of one sendmsg: IOV_MAX.</summary>
    public const int MaxVectorsPerCall = 1024;

    /// <summary>2^20 vectors: more than all tags of a path with all their segments.</summary>
    private const int MaxVectors = 1 << 20;

    private iovec* _vectors;
    private int _capacity = 256;
    private int _head;
    private int _tail;

    public SendQueue() =>
        _vectors = (iovec*)NativeMemory.Alloc((nuint)_capacity, (nuint)sizeof(iovec));

    public long Bytes { get; private set; }

    public bool IsEmpty => Bytes == 0;

    public iovec* First => _vectors + _head;

    public int Count => _tail - _head;

    /// <summary>Bytes of the first <paramref name="count"/> vectors.</summary>
    public long BytesOf(int count)
    {
        if (count == Count) return Bytes;
        long bytes = 0;
        for (int i = 0; i < count; i++) bytes += (long)First[i].iov_len;
        return bytes;
    }

    public void Add(byte* data, int length)
    {
        if (length == 0) return;
        Bytes += length;
        // The first entry may be in a partial send; all others are only ours until the next call.
        if (_tail - _head > 1)
        {
            iovec* last = _vectors + _tail - 1;
            if (last->iov_base + last->iov_len == data)
            {
                last->iov_len += (nuint)length;
                return;
            }
        }
        if (_tail == _capacity) MakeRoom();
        _vectors[_tail++] = new iovec(data, length);
    }

    /// <summary>Drops the first <paramref name="sent"/> bytes.</summary>
    public void Consume(long sent)
    {
        Bytes -= sent;
        while (sent > 0)
        {
            iovec* first = _vectors + _head;
            if ((long)first->iov_len > sent)
            {
                first->iov_base += sent;
                first->iov_len -= (nuint)sent;
                return;
            }
            sent -= (long)first->iov_len;
            _head++;
        }
        if (_head == _tail) _head = _tail = 0;
    }

    public void Clear()
    {
        _head = _tail = 0;
        Bytes = 0;
    }

    public void Dispose()
    {
        NativeMemory.Free(_vectors);
        _vectors = null;
    }

    private void MakeRoom()
    {
        int count = Count;
        if (_head > _capacity / 2)
        {
            new Span<iovec>(_vectors + _head, count).CopyTo(new Span<iovec>(_vectors, count));
            _head = 0;
            _tail = count;
            return;
        }
        Invariant.That(_capacity < MaxVectors);
        _capacity *= 2;
        nuint bytes = (nuint)_capacity * (nuint)sizeof(iovec);
        _vectors = (iovec*)NativeMemory.Realloc(_vectors, bytes);
    }
}
