// SPDX-License-Identifier: Apache-2.0
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>
/// Raw socket descriptors of the control plane: made, bound, named. Never a System.Net Socket: the
/// runtime would keep watching the descriptor after a loop has taken it over.
/// </summary>
internal static unsafe class SocketHandle
{
    private const int MaxAddress = 128;

    /// <summary>
    /// Asked for; the machine gives net.core.wmem_max at the most. What a socket has otherwise,
    /// net.core.wmem_default of 208 KiB, is less than two replies of 128 KiB.
    /// </summary>
    private const int ReplyBytes = 1 << 20;

    /// <summary>A new non-blocking stream socket for that kind of address.</summary>
    public static int Open(EndPoint remote)
    {
        int domain = MemoryMarshal.Read<ushort>(remote.Serialize().Buffer.Span);
        int type = Libc.SOCK_STREAM | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC;
        int fd = Libc.socket(domain, type, 0);
        return fd >= 0 ? fd : throw ErrnoException.Last("socket");
    }

    /// <summary>Starts connecting. Returns 0, or errno: EINPROGRESS is not a failure.</summary>
    public static int Connect(int fd, EndPoint remote)
    {
        SocketAddress address = remote.Serialize();
        fixed (byte* bytes = address.Buffer.Span)
        {
            int result = Libc.connect(fd, bytes, (uint)address.Size);
            return result == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
    }

    public static void Bind(int fd, EndPoint local)
    {
        SocketAddress address = local.Serialize();
        fixed (byte* bytes = address.Buffer.Span)
        {
            if (Libc.bind(fd, bytes, (uint)address.Size) != 0)
                throw ErrnoException.Last("bind", local.ToString()!);
        }
    }

    /// <summary>The next client of a listening socket, or errno.</summary>
    public static int Accept(int listener, out int fd, out string peer)
    {
        byte* buffer = stackalloc byte[MaxAddress];
        uint length = MaxAddress;
        fd = Libc.accept4(listener, buffer, &length, Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC);
        peer = fd >= 0 ? Name(new ReadOnlySpan<byte>(buffer, (int)length)) : "";
        return fd >= 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    public static int BoundPort(int fd)
    {
        byte* buffer = stackalloc byte[MaxAddress];
        uint length = MaxAddress;
        if (Libc.getsockname(fd, buffer, &length) != 0) throw ErrnoException.Last("getsockname");
        return ToIPEndPoint(new ReadOnlySpan<byte>(buffer, (int)length)).Port;
    }

    /// <summary>The outcome of a connect that was in progress: 0 or errno.</summary>
    public static int TakeError(int fd)
    {
        int error = 0;
        uint length = sizeof(int);
        _ = Libc.getsockopt(fd, Libc.SOL_SOCKET, Libc.SO_ERROR, &error, &length);
        return error;
    }

    public static void Set(int fd, int level, int name, int value) =>
        _ = Libc.setsockopt(fd, level, name, &value, sizeof(int));

    /// <summary>What is there: bytes, 0 at the end of the stream, or minus errno.</summary>
    public static long Receive(int fd, iovec* vectors, int count)
    {
        nint received;
        if (count == 1)
        {
            received = Libc.recv(fd, vectors->iov_base, vectors->iov_len, Libc.MSG_DONTWAIT);
        }
        else
        {
            msghdr message = default;
            message.msg_iov = vectors;
            message.msg_iovlen = (nuint)count;
            received = Libc.recvmsg(fd, &message, Libc.MSG_DONTWAIT);
        }
        return received >= 0 ? received : -Marshal.GetLastPInvokeError();
    }

    /// <summary>Closing resets the connection: what was not delivered never is.</summary>
    public static void DropOnClose(int fd)
    {
        int* linger = stackalloc int[] { 1, 0 };
        _ = Libc.setsockopt(fd, Libc.SOL_SOCKET, Libc.SO_LINGER, linger, 2 * sizeof(int));
    }

    /// <summary>No delay, and a silent peer of an idle connection found in about 15 s.</summary>
    public static void SetTcpOptions(int fd)
    {
        Set(fd, Libc.IPPROTO_TCP, Libc.TCP_NODELAY, 1);
        Set(fd, Libc.SOL_SOCKET, Libc.SO_KEEPALIVE, 1);
        Set(fd, Libc.IPPROTO_TCP, Libc.TCP_KEEPIDLE, 5);
        Set(fd, Libc.IPPROTO_TCP, Libc.TCP_KEEPINTVL, 5);
        Set(fd, Libc.IPPROTO_TCP, Libc.TCP_KEEPCNT, 2);
    }

    /// <summary>
    /// Of a client on this machine: replies leave whole, without a wait in their middle. On TCP the
    /// machine sizes its buffers itself.
    /// </summary>
    public static void SetUnixClientOptions(int fd) =>
        Set(fd, Libc.SOL_SOCKET, Libc.SO_SNDBUF, ReplyBytes);

    private static string Name(ReadOnlySpan<byte> address) =>
        MemoryMarshal.Read<ushort>(address) == Libc.AF_UNIX
            ? "unix client"
            : ToIPEndPoint(address).ToString();

    private static IPEndPoint ToIPEndPoint(ReadOnlySpan<byte> bytes)
    {
        var address = new SocketAddress(
            bytes.Length > 16 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork,
            bytes.Length);
        bytes.CopyTo(address.Buffer.Span);
        var any = new IPEndPoint(IPAddress.Any, 0);
        return (IPEndPoint)any.Create(address);
    }
}
