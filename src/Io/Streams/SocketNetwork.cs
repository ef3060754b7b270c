// SPDX-License-Identifier: Apache-2.0
using System.Net;
using System.Net.Sockets;
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>
/// The machine's own sockets, TCP and unix. Connects and handshakes wait on a control loop, which
/// serves no I/O. Thread-safe; owned by the program.
/// </summary>
public sealed class SocketNetwork : INetwork, IDisposable
{
    private readonly EpollLoop _control = new("braid-control");

    public async ValueTask<Connection> ConnectAsync(Endpoint endpoint, CancellationToken cancel)
    {
        EndPoint[] remotes = await ResolveAsync(endpoint, cancel).ConfigureAwait(false);
        for (int i = 0; ; i++)
        {
            try
            {
                return await ConnectAsync(endpoint, remotes[i], cancel).ConfigureAwait(false);
            }
            catch (IOException) when (i + 1 < remotes.Length)
            {
                // localhost is ::1 first, and the server may have 127.0.0.1 only: the next address.
            }
        }
    }

    public Listener Listen(Endpoint endpoint)
    {
        if (endpoint.SocketPath is { } path) SocketListener.RemoveStaleSocket(path);
        EndPoint[] locals = ResolveAsync(endpoint, CancellationToken.None).AsTask()
            .GetAwaiter().GetResult();
        return SocketListener.Open(_control, endpoint, locals[0]);
    }

    public void Offload(Func<Task> work) => _ = Task.Run(async () =>
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            // What a peer can cause is caught by the work itself.
            Invariant.Broken($"a handshake threw {error}");
        }
    });

    public void Dispose() => _control.Dispose();

    private async ValueTask<Connection> ConnectAsync(
        Endpoint endpoint, EndPoint remote, CancellationToken cancel)
    {
        int fd = SocketHandle.Open(remote);
        if (endpoint.SocketPath is null) SocketHandle.SetTcpOptions(fd);
        var connection = new SocketConnection(_control, fd, endpoint.ToString());
        try
        {
            int errno = SocketHandle.Connect(fd, remote);
            if (errno == Libc.EINPROGRESS)
                errno = await connection.ConnectedAsync(cancel).ConfigureAwait(false);
            if (errno != 0) throw new ErrnoException("connect", endpoint.ToString(), errno);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>All addresses of the endpoint, at least one.</summary>
    private static async ValueTask<EndPoint[]> ResolveAsync(
        Endpoint endpoint, CancellationToken cancel)
    {
        try
        {
            if (endpoint.SocketPath is { } path) return [new UnixDomainSocketEndPoint(path)];
            if (IPAddress.TryParse(endpoint.Host, out IPAddress? address))
                return [new IPEndPoint(address, endpoint.Port)];
            IPAddress[] all = await Dns.GetHostAddressesAsync(endpoint.Host, cancel)
                .ConfigureAwait(false);
            return [.. all.Select(one => new IPEndPoint(one, endpoint.Port))];
        }
        catch (Exception error) when (error is SocketException or ArgumentException)
        {
            throw new IOException($"{endpoint}: {error.Message}", error);
        }
    }
}
