// SPDX-License-Identifier: Apache-2.0
using System.Net.Sockets;

namespace Braid.Tests.Interop.Support;

/// <summary>Connects as a client that says what no decent library would.</summary>
internal static class RawClient
{
    /// <summary>A connection to a unix socket; nothing has been said yet.</summary>
    public static async Task<RawNbd> ConnectAsync(string socketPath)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath));
        return new RawNbd(socket);
    }

    /// <summary>Reads the greeting and agrees to it.</summary>
    public static async Task GreetAsync(RawNbd nbd, uint flags = 3)
    {
        byte[] greeting = await nbd.ReceiveAsync(18);
        greeting[..16].ShouldBe("NBDMAGICIHAVEOPT"u8.ToArray());
        await nbd.SendAsync(flags);
    }

    /// <summary>An honest handshake with GO. Returns the size of the export.</summary>
    public static async Task<long> GoAsync(
        RawNbd nbd, string export = "vol", bool structured = false)
    {
        await GreetAsync(nbd);
        if (structured)
        {
            await nbd.OptionAsync(RawNbd.OptStructuredReply);
            (uint type, _) = await nbd.OptionReplyAsync(RawNbd.OptStructuredReply);
            type.ShouldBe(RawNbd.RepAck);
        }
        await nbd.OptionAsync(RawNbd.OptGo, (uint)export.Length, export, (ushort)0);
        long size = -1;
        while (true)
        {
            (uint type, byte[] data) = await nbd.OptionReplyAsync(RawNbd.OptGo);
            if (type == RawNbd.RepAck) return size;
            type.ShouldBe(RawNbd.RepInfo);
            if (RawNbd.U16(data, 0) == 0) size = (long)RawNbd.U64(data, 2);
        }
    }

    /// <summary>The same, connected and ready to lie.</summary>
    public static async Task<RawNbd> OpenAsync(
        string socketPath, string export = "vol", bool structured = false)
    {
        RawNbd nbd = await ConnectAsync(socketPath);
        await GoAsync(nbd, export, structured);
        return nbd;
    }
}
