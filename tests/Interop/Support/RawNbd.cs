// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Braid.Tests.Interop.Support;

/// <summary>A command as it was on the wire.</summary>
internal sealed record RawRequest(
    ushort Flags, ushort Type, ulong Cookie, ulong Offset, uint Length, byte[] Payload);

/// <summary>
/// NBD on a plain socket, for peers that lie. Written from the NBD protocol and not from Braid's
/// own formats, so that both cannot be wrong in the same way.
/// </summary>
internal sealed class RawNbd(Socket socket) : IDisposable
{
    public const uint RequestMagic = 0x25609513;
    public const uint SimpleReplyMagic = 0x67446698;
    public const uint StructuredReplyMagic = 0x668e33ef;
    public const ulong OptionReplyMagic = 0x3e889045565a9;

    public const ushort Read = 0;
    public const ushort Write = 1;
    public const ushort Disconnect = 2;
    public const ushort Flush = 3;
    public const ushort Trim = 4;
    public const ushort Cache = 5;
    public const ushort WriteZeroes = 6;
    public const ushort BlockStatus = 7;

    public const uint OptExportName = 1;
    public const uint OptAbort = 2;
    public const uint OptList = 3;
    public const uint OptInfo = 6;
    public const uint OptGo = 7;
    public const uint OptStructuredReply = 8;
    public const uint OptSetMetaContext = 10;

    public const uint RepAck = 1;
    public const uint RepServer = 2;
    public const uint RepInfo = 3;
    public const uint RepMetaContext = 4;
    public const uint RepErrUnsupported = 0x80000001;
    public const uint RepErrInvalid = 0x80000003;
    public const uint RepErrUnknown = 0x80000006;

    public const ushort ChunkNone = 0;
    public const ushort ChunkData = 1;
    public const ushort ChunkHole = 2;
    public const ushort ChunkBlockStatus = 5;
    public const ushort ChunkError = 0x8001;
    public const ushort ChunkDone = 1;

    public const uint Eperm = 1;
    public const uint Eio = 5;
    public const uint Einval = 22;
    public const uint Enospc = 28;

    public Socket Socket => socket;

    /// <summary>Sends the fields one behind the other, numbers big-endian.</summary>
    public Task SendAsync(params object[] fields) => SendBytesAsync(Pack(fields));

    public async Task SendBytesAsync(byte[] bytes)
    {
        using var deadline = new CancellationTokenSource(Eventually.Patience);
        for (int sent = 0; sent < bytes.Length;)
            sent += await socket.SendAsync(bytes.AsMemory(sent), deadline.Token);
    }

    /// <summary>Exactly so many bytes, or an <see cref="EndOfStreamException"/>.</summary>
    public async Task<byte[]> ReceiveAsync(long count)
    {
        using var deadline = new CancellationTokenSource(Eventually.Patience);
        byte[] bytes = new byte[count];
        for (int have = 0; have < count;)
        {
            int more = await socket.ReceiveAsync(bytes.AsMemory(have), deadline.Token);
            if (more == 0) throw new EndOfStreamException("closed by the peer");
            have += more;
        }
        return bytes;
    }

    /// <summary>Waits until the other side has closed; false when it sends something.</summary>
    public async Task<bool> IsClosedAsync()
    {
        using var deadline = new CancellationTokenSource(Eventually.Patience);
        try
        {
            return await socket.ReceiveAsync(new byte[1], deadline.Token) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    /// <summary>Server: the next command with its payload.</summary>
    public async Task<RawRequest> RequestAsync()
    {
        byte[] header = await ReceiveAsync(28);
        U32(header, 0).ShouldBe(RequestMagic);
        ushort type = U16(header, 6);
        uint length = U32(header, 24);
        byte[] payload = type == Write ? await ReceiveAsync(length) : [];
        return new RawRequest(
            U16(header, 4), type, U64(header, 8), U64(header, 16), length, payload);
    }

    /// <summary>Client: sends a command.</summary>
    public Task CommandAsync(
        ushort type, ulong cookie, ulong offset, uint length, ushort flags = 0,
        byte[]? payload = null) =>
        SendAsync(RequestMagic, flags, type, cookie, offset, length, payload ?? []);

    /// <summary>Client: the error of the next simple reply, which must be that one's.</summary>
    public async Task<uint> SimpleReplyAsync(ulong cookie)
    {
        byte[] reply = await ReceiveAsync(16);
        U32(reply, 0).ShouldBe(SimpleReplyMagic);
        U64(reply, 8).ShouldBe(cookie);
        return U32(reply, 4);
    }

    /// <summary>Client: sends an option.</summary>
    public Task OptionAsync(uint option, params object[] data) =>
        SendAsync("IHAVEOPT", option, (uint)Pack(data).Length, Pack(data));

    /// <summary>Client: the next reply to an option.</summary>
    public async Task<(uint Type, byte[] Data)> OptionReplyAsync(uint option)
    {
        byte[] header = await ReceiveAsync(20);
        U64(header, 0).ShouldBe(OptionReplyMagic);
        U32(header, 8).ShouldBe(option);
        return (U32(header, 12), await ReceiveAsync(U32(header, 16)));
    }

    /// <summary>Server: answers an option.</summary>
    public Task ReplyToOptionAsync(uint option, uint type, params object[] data) =>
        SendAsync(OptionReplyMagic, option, type, (uint)Pack(data).Length, Pack(data));

    public static ushort U16(byte[] bytes, int at) =>
        BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(at));

    public static uint U32(byte[] bytes, int at) =>
        BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at));

    public static ulong U64(byte[] bytes, int at) =>
        BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(at));

    public void Dispose() => socket.Dispose();

    private static byte[] Pack(object[] fields)
    {
        using var all = new MemoryStream();
        foreach (object field in fields) all.Write(Encode(field));
        return all.ToArray();
    }

    private static byte[] Encode(object field)
    {
        byte[] bytes = new byte[8];
        switch (field)
        {
            case byte[] raw:
                return raw;
            case string text:
                return Encoding.UTF8.GetBytes(text);
            case ushort number:
                BinaryPrimitives.WriteUInt16BigEndian(bytes, number);
                return bytes[..2];
            case uint number:
                BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
                return bytes[..4];
            case ulong number:
                BinaryPrimitives.WriteUInt64BigEndian(bytes, number);
                return bytes;
            default:
                throw new ArgumentException(
                    $"{field.GetType()} has no form on the wire", nameof(field));
        }
    }
}
