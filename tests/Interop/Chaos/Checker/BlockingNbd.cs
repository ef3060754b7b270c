// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using System.Net.Sockets;
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop.Chaos;

/// <summary>
/// A client with one command at a time, on the thread of its worker: no pool of threads comes
/// between a reply and the clock.
/// </summary>
internal sealed class BlockingNbd : IDisposable
{
    public const ushort Fua = 1;

    private readonly RawNbd _nbd;
    private readonly byte[] _header = new byte[28];
    private ulong _cookie;

    private BlockingNbd(RawNbd nbd, TimeSpan patience)
    {
        _nbd = nbd;
        _nbd.Socket.ReceiveTimeout = (int)patience.TotalMilliseconds;
        _nbd.Socket.SendTimeout = (int)patience.TotalMilliseconds;
    }

    /// <param name="socketPath">Of the export.</param>
    /// <param name="export">Its name.</param>
    /// <param name="patience">After so long an I/O is given up: a hang, and an error.</param>
    public static async Task<BlockingNbd> ConnectAsync(
        string socketPath, string export, TimeSpan patience) =>
        new(await RawClient.OpenAsync(socketPath, export), patience);

    /// <summary>Returns the error of the reply. A read's data is then in the buffer.</summary>
    /// <exception cref="SocketException">The connection is lost, or patience is.</exception>
    public uint Do(ushort command, long offset, Span<byte> data, ushort flags = 0)
    {
        Span<byte> header = _header;
        BinaryPrimitives.WriteUInt32BigEndian(header, RawNbd.RequestMagic);
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], flags);
        BinaryPrimitives.WriteUInt16BigEndian(header[6..], command);
        BinaryPrimitives.WriteUInt64BigEndian(header[8..], ++_cookie);
        BinaryPrimitives.WriteUInt64BigEndian(header[16..], (ulong)offset);
        BinaryPrimitives.WriteUInt32BigEndian(header[24..], (uint)data.Length);
        Send(header);
        if (command == RawNbd.Write) Send(data);
        return Receive(command == RawNbd.Read ? data : []);
    }

    public void Dispose() => _nbd.Dispose();

    private uint Receive(Span<byte> data)
    {
        Span<byte> reply = _header.AsSpan(0, 16);
        Fill(reply);
        if (BinaryPrimitives.ReadUInt32BigEndian(reply) != RawNbd.SimpleReplyMagic
            || BinaryPrimitives.ReadUInt64BigEndian(reply[8..]) != _cookie)
            throw new ChaosException("a reply that is none, or to another command");
        uint error = BinaryPrimitives.ReadUInt32BigEndian(reply[4..]);
        if (error == 0) Fill(data);
        return error;
    }

    private void Send(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0) bytes = bytes[_nbd.Socket.Send(bytes)..];
    }

    private void Fill(Span<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            int count = _nbd.Socket.Receive(bytes);
            if (count == 0) throw new SocketException((int)SocketError.ConnectionReset);
            bytes = bytes[count..];
        }
    }
}
