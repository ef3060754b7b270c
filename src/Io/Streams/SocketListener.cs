// SPDX-License-Identifier: Apache-2.0
using System.Net;
using System.Runtime.InteropServices;
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>
/// A listening socket of the machine. A unix socket lets only its owner connect; its file is
/// removed in the end.
/// </summary>
internal sealed class SocketListener : Listener
{
    private readonly EpollLoop _control;
    private readonly FdWaiter _waiter;
    private readonly SocketDescriptor _descriptor;
    private bool _disposed;

    private SocketListener(EpollLoop control, int fd, Endpoint endpoint)
    {
        _control = control;
        _descriptor = new SocketDescriptor(fd);
        _waiter = new FdWaiter(control, fd);
        Endpoint = endpoint;
    }

    public override Endpoint Endpoint { get; }

    public static SocketListener Open(EpollLoop control, Endpoint endpoint, EndPoint local)
    {
        const int Backlog = 128;
        int fd = SocketHandle.Open(local);
        try
        {
            SocketHandle.Set(fd, Libc.SOL_SOCKET, Libc.SO_REUSEADDR, 1);
            SocketHandle.Bind(fd, local);
            // Before listen: nobody can connect in between.
            if (endpoint.SocketPath is { } path)
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            if (Libc.listen(fd, Backlog) != 0) throw ErrnoException.Last("listen");
            int port = endpoint.SocketPath is null ? SocketHandle.BoundPort(fd) : 0;
            return new SocketListener(control, fd, endpoint with { Port = port });
        }
        catch
        {
            _ = Libc.close(fd);
            throw;
        }
    }

    public override async ValueTask<Connection> AcceptAsync(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        int fd = _descriptor.Acquire();
        try
        {
            return await AcceptAsync(fd, cancel).ConfigureAwait(false);
        }
        finally
        {
            _descriptor.Release();
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (_disposed) return;
        _disposed = true;
        _descriptor.Close();
        if (Endpoint.SocketPath is not { } path) return;
        try
        {
            // Ours answers no more: who does has bound the path since, and it is theirs.
            RemoveStaleSocket(path);
        }
        catch (IOException)
        {
            // It is in use, or cannot be asked: left alone.
        }
    }

    /// <summary>
    /// Removes a socket file that nobody listens on; throws when somebody does. Anything that is
    /// not a socket is left alone: bind will say that it is in the way.
    /// </summary>
    public static void RemoveStaleSocket(string path)
    {
        if (!IsSocket(path)) return;
        var address = new System.Net.Sockets.UnixDomainSocketEndPoint(path);
        int probe = SocketHandle.Open(address);
        int errno = SocketHandle.Connect(probe, address);
        _ = Libc.close(probe);
        if (errno == Libc.ECONNREFUSED) RemoveSocket(path);
        else if (errno is 0 or Libc.EAGAIN)
            throw new IOException($"cannot listen on unix:{path}: another process does already");
    }

    private async ValueTask<Connection> AcceptAsync(int fd, CancellationToken cancel)
    {
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            int errno = SocketHandle.Accept(fd, out int client, out string peer);
            if (errno == 0)
            {
                if (Endpoint.SocketPath is null) SocketHandle.SetTcpOptions(client);
                else SocketHandle.SetUnixClientOptions(client);
                return new SocketConnection(_control, client, peer);
            }
            if (errno == Libc.EAGAIN)
                await _waiter.WaitAsync(Libc.EPOLLIN, cancel).ConfigureAwait(false);
            else if (errno is not (Libc.EINTR or Libc.ECONNABORTED))
                throw new ErrnoException("accept", Endpoint.ToString(), errno);
        }
    }

    /// <summary>A socket is what open(2) refuses with ENXIO.</summary>
    private static bool IsSocket(string path)
    {
        int fd = Libc.open(path, Libc.O_RDONLY | Libc.O_CLOEXEC | Libc.O_NONBLOCK, 0);
        if (fd < 0) return Marshal.GetLastPInvokeError() == Libc.ENXIO;
        _ = Libc.close(fd);
        return false;
    }

    private static void RemoveSocket(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (IOException)
        {
            // Somebody else has removed it, or its folder: it is gone, which is what was wanted.
        }
    }
}
