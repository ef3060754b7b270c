// SPDX-License-Identifier: Apache-2.0
using System.Net.Sockets;

namespace Braid.Tests.Interop.Support;

/// <summary>
/// An NBD server that follows a script instead of the protocol. Each connection plays the script
/// from its start; the end of the script ends the connection.
/// </summary>
internal sealed class LyingServer : IAsyncDisposable
{
    public const ushort HasFlags = 1;
    public const ushort SendFlush = 4;

    private readonly Socket _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];
    private readonly Func<RawNbd, int, Task> _script;
    private readonly Task _accepting;
    private int _connections;

    /// <param name="path">Of its socket.</param>
    /// <param name="script">Gets the connection and its number, from 1.</param>
    public LyingServer(string path, Func<RawNbd, int, Task> script)
        : this(Listen(path), script) =>
        Declared = $"liar=nbd+unix:///?socket={path}";

    /// <param name="listening">A socket that listens; owned.</param>
    /// <param name="script">Gets the connection and its number, from 1.</param>
    public LyingServer(Socket listening, Func<RawNbd, int, Task> script)
    {
        _listener = listening;
        _script = script;
        _accepting = AcceptAsync();
    }

    /// <summary>As a declared path with the name liar.</summary>
    public string Declared { get; } = "";

    /// <summary>Connections so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>The server's side of an honest handshake, up to the reply to GO.</summary>
    /// <param name="nbd">The connection.</param>
    /// <param name="size">Of the export.</param>
    /// <param name="structured">Agrees to structured replies, and base:allocation as 7.</param>
    /// <param name="more">Flags of the export besides flush.</param>
    public static async Task ShakeHandsAsync(
        RawNbd nbd, long size, bool structured = false, ushort more = 0)
    {
        await GreetAsync(nbd);
        while (true)
        {
            (uint option, _) = await OptionAsync(nbd);
            switch (option)
            {
                case RawNbd.OptStructuredReply when structured:
                    await nbd.ReplyToOptionAsync(option, RawNbd.RepAck);
                    break;
                case RawNbd.OptSetMetaContext when structured:
                    await nbd.ReplyToOptionAsync(
                        option, RawNbd.RepMetaContext, 7u, "base:allocation");
                    await nbd.ReplyToOptionAsync(option, RawNbd.RepAck);
                    break;
                case RawNbd.OptGo:
                    await nbd.ReplyToOptionAsync(option, RawNbd.RepInfo,
                        (ushort)0, (ulong)size, (ushort)(HasFlags | SendFlush | more));
                    await nbd.ReplyToOptionAsync(option, RawNbd.RepAck);
                    return;
                default:
                    await nbd.ReplyToOptionAsync(option, RawNbd.RepErrUnsupported);
                    break;
            }
        }
    }

    /// <summary>The greeting and the client's flags.</summary>
    public static async Task GreetAsync(RawNbd nbd)
    {
        await nbd.SendAsync("NBDMAGIC", "IHAVEOPT", (ushort)3);
        _ = await nbd.ReceiveAsync(4);
    }

    /// <summary>The next option with its data.</summary>
    public static async Task<(uint Option, byte[] Data)> OptionAsync(RawNbd nbd)
    {
        byte[] header = await nbd.ReceiveAsync(16);
        return (RawNbd.U32(header, 8), await nbd.ReceiveAsync(RawNbd.U32(header, 12)));
    }

    /// <summary>Says nothing more, until the client goes.</summary>
    public static async Task BeSilentAsync(RawNbd nbd)
    {
        try
        {
            while (true) _ = await nbd.ReceiveAsync(1);
        }
        catch (EndOfStreamException)
        {
            // That is what it waits for.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_running);
        _stop.Dispose();
    }

    private static Socket Listen(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        socket.Listen();
        return socket;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptAsync(_stop.Token);
                _running.Add(PlayAsync(client, Interlocked.Increment(ref _connections)));
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException)
        {
            // Disposed.
        }
    }

    private async Task PlayAsync(Socket client, int number)
    {
        using var nbd = new RawNbd(client);
        using CancellationTokenRegistration cut = _stop.Token.Register(client.Dispose);
        try
        {
            await _script(nbd, number);
        }
        catch (Exception error) when (error is IOException or SocketException
            or ObjectDisposedException or OperationCanceledException)
        {
            // Braid has hung up on a liar.
        }
    }
}
