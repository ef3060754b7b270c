// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Io;
using Braid.Io.Abi;

namespace Braid.Tests.Unit.Io;

/// <summary>
/// Messages of a small protocol - a header with a length, then so many bytes - come torn in every
/// way, into payloads spread over several ranges.
/// </summary>
public sealed unsafe class ReceiveBufferTests : IDisposable
{
    private const int Header = 4;
    private const int Arena = 1 << 20;

    private readonly byte* _arena = (byte*)NativeMemory.AllocZeroed(Arena);

    public void Dispose() => NativeMemory.Free(_arena);

    [Theory]
    [InlineData(1, 64, 200, 4)]
    [InlineData(2, 4096, 3000, 8)]
    [InlineData(3, 8192, 60_000, 8)]
    [InlineData(4, 16_384, 100_000, 100)]
    [InlineData(5, 65_536, 100_000, 1)]
    public void Torn_input_arrives_whole(ulong seed, int capacity, int maxPayload, int maxRanges)
    {
        var random = new LoopRandom(seed);
        using var buffer = new ReceiveBuffer(capacity, maxRanges, Header);
        byte[][] messages = [.. Enumerable.Range(0, 200).Select(_ => Message(random, maxPayload))];
        byte[] wire = [.. messages.SelectMany(Framed)];
        var reader = new Reader(this, buffer, random, maxRanges);
        int sent = 0;
        while (sent < wire.Length)
        {
            int chunk = (int)Math.Min(wire.Length - sent, 1 + random.Next(2 * maxPayload));
            sent += Receive(buffer, wire.AsSpan(sent, chunk));
            reader.Parse();
        }
        reader.Received.Count.ShouldBe(messages.Length);
        for (int i = 0; i < messages.Length; i++)
            reader.Received[i].AsSpan().SequenceEqual(messages[i]).ShouldBeTrue($"message {i}");
        buffer.Available.ShouldBe(0);
        buffer.PayloadLeft.ShouldBe(0);
    }

    [Fact]
    public void Neighbouring_ranges_of_a_payload_are_one_vector()
    {
        using var buffer = new ReceiveBuffer(4096, 2, Header);
        buffer.BeginPayload();
        for (int i = 0; i < 10; i++) buffer.AddPayload(_arena + (i * 100), 100);
        buffer.AddPayload(_arena + 5000, 100);
        buffer.PayloadLeft.ShouldBe(1100);
        iovec* vectors = stackalloc iovec[StreamSocket.MaxReceiveVectors];
        buffer.Prepare(vectors).ShouldBe(3);
        ((int)vectors[0].iov_len).ShouldBe(1000);
        ((int)vectors[1].iov_len).ShouldBe(100);
    }

    [Fact]
    public void More_ranges_than_were_promised_are_a_broken_invariant()
    {
        using var buffer = new ReceiveBuffer(4096, 2, Header);
        buffer.BeginPayload();
        buffer.AddPayload(_arena, 10);
        buffer.AddPayload(_arena + 100, 10);
        Should.Throw<Support.InvariantException>(() => buffer.AddPayload(_arena + 200, 10));
    }

    [Fact]
    public void A_payload_of_many_ranges_is_received_in_several_calls_and_in_order()
    {
        const int Ranges = 200;
        using var buffer = new ReceiveBuffer(4096, Ranges, Header);
        buffer.BeginPayload();
        for (int i = 0; i < Ranges; i++) buffer.AddPayload(_arena + (i * 20), 10);
        byte[] wire = [.. Enumerable.Range(0, Ranges * 10).Select(i => (byte)(i * 7))];
        int sent = 0;
        int calls = 0;
        while (buffer.PayloadLeft > 0)
        {
            sent += Receive(buffer, wire.AsSpan(sent));
            calls++;
        }
        calls.ShouldBe(4);
        for (int i = 0; i < wire.Length; i++) _arena[(i / 10 * 20) + (i % 10)].ShouldBe(wire[i]);
    }

    [Fact]
    public void Behind_a_large_payload_a_header_is_staged_and_little_until_a_small_one_begins()
    {
        using var buffer = new ReceiveBuffer(64 * 1024, 4, Header);
        iovec* vectors = stackalloc iovec[StreamSocket.MaxReceiveVectors];
        buffer.Prepare(vectors).ShouldBe(1);
        ((int)vectors[0].iov_len).ShouldBe(64 * 1024);
        buffer.BeginPayload();
        buffer.AddPayload(_arena, 32 * 1024);
        buffer.Prepare(vectors).ShouldBe(2);
        ((int)vectors[1].iov_len).ShouldBe(Header);
        buffer.Received(32 * 1024 - 1);
        buffer.Prepare(vectors).ShouldBe(2);
        ((int)vectors[1].iov_len).ShouldBe(Header);
        buffer.Received(1);
        buffer.Prepare(vectors).ShouldBe(1);
        ((int)vectors[0].iov_len).ShouldBe(4096);
        buffer.BeginPayload();
        buffer.AddPayload(_arena, 4096);
        buffer.Prepare(vectors).ShouldBe(2);
        ((int)vectors[1].iov_len).ShouldBe(64 * 1024);
    }

    [Fact]
    public void A_full_staging_buffer_gives_no_vector()
    {
        using var buffer = new ReceiveBuffer(16, 1, Header);
        Receive(buffer, new byte[16]).ShouldBe(16);
        iovec* vectors = stackalloc iovec[StreamSocket.MaxReceiveVectors];
        buffer.Prepare(vectors).ShouldBe(0);
        buffer.Skip(1);
        buffer.Prepare(vectors).ShouldBe(1);
        ((int)vectors[0].iov_len).ShouldBe(1);
    }

    private static byte[] Message(LoopRandom random, int maxPayload)
    {
        // Many small ones, some large, some empty.
        long bound = random.Chance(300) ? maxPayload : Math.Min(maxPayload, 100);
        byte[] message = new byte[random.Next(bound + 1)];
        for (int i = 0; i < message.Length; i++) message[i] = (byte)random.NextUInt64();
        return message;
    }

    private static byte[] Framed(byte[] message) =>
        [.. BitConverter.GetBytes(message.Length), .. message];

    /// <summary>Does what a stream does with bytes that came; returns how many it took.</summary>
    private static int Receive(ReceiveBuffer buffer, ReadOnlySpan<byte> bytes)
    {
        iovec* vectors = stackalloc iovec[StreamSocket.MaxReceiveVectors];
        int count = buffer.Prepare(vectors);
        count.ShouldBeInRange(0, StreamSocket.MaxReceiveVectors);
        int taken = 0;
        for (int i = 0; i < count; i++)
        {
            int length = Math.Min((int)vectors[i].iov_len, bytes.Length - taken);
            bytes.Slice(taken, length).CopyTo(new Span<byte>(vectors[i].iov_base, length));
            taken += length;
        }
        buffer.Received(taken);
        return taken;
    }

    private sealed class Reader(
        ReceiveBufferTests test, ReceiveBuffer buffer, LoopRandom random, int maxRanges)
    {
        private readonly List<(long At, int Length)> _ranges = [];
        private bool _inPayload;

        public List<byte[]> Received { get; } = [];

        public void Parse()
        {
            while (true)
            {
                if (!_inPayload)
                {
                    if (buffer.Available < Header) return;
                    int length = *(int*)buffer.Staged;
                    buffer.Skip(Header);
                    Begin(length);
                }
                if (!buffer.FillPayload()) return;
                End();
            }
        }

        /// <summary>Lays the payload out in ranges, some of them neighbours, some empty.</summary>
        private void Begin(int length)
        {
            _inPayload = true;
            _ranges.Clear();
            buffer.BeginPayload();
            int left = length;
            long at = 0;
            while (left > 0)
            {
                bool last = _ranges.Count == maxRanges - 1;
                int part = last ? left : (int)random.Next(left + 1);
                if (random.Chance(500)) at += random.Next(3);
                buffer.AddPayload(test._arena + at, part);
                _ranges.Add((at, part));
                at += part;
                left -= part;
            }
        }

        private void End()
        {
            _inPayload = false;
            byte[] message = [.. _ranges.SelectMany(range =>
                new ReadOnlySpan<byte>(test._arena + range.At, range.Length).ToArray())];
            Received.Add(message);
        }
    }
}
