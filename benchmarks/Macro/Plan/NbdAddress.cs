// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Braid.Bench.Macro;

/// <summary>Where an NBD server listens: a unix socket, or a port of the loopback.</summary>
internal sealed record NbdAddress
{
    /// <summary>sun_path of unix(7), less its closing zero.</summary>
    private const int MaxSocketPath = 107;

    private readonly string? _socket;
    private readonly int _port;

    private NbdAddress(string? socket, int port) => (_socket, _port) = (socket, port);

    /// <summary>The export that every contender offers; nbdkit takes any name.</summary>
    public const string ExportName = "bench";

    public static NbdAddress Unix(string socket) => socket.Length <= MaxSocketPath
        ? new(socket, 0)
        : throw new BenchException($"TMPDIR is too long a path for sockets: {socket}");

    public static NbdAddress Tcp(int port) => new(null, port);

    /// <summary>A port that was free a moment ago: the servers cannot report their own.</summary>
    public static NbdAddress FreeTcp()
    {
        using var probe =
            new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return Tcp(((IPEndPoint)probe.LocalEndPoint!).Port);
    }

    public string Uri => UriOf(ExportName);

    public EndPoint EndPoint => _socket is null
        ? new IPEndPoint(IPAddress.Loopback, _port)
        : new UnixDomainSocketEndPoint(_socket);

    public IReadOnlyList<string> NbdkitListen => _socket is null
        ? ["-i", "127.0.0.1", "-p", Port]
        : ["-U", _socket];

    public IReadOnlyList<string> QemuListen => _socket is null
        ? ["-b", "127.0.0.1", "-p", Port]
        : ["--socket", _socket];

    /// <summary>Under an export name: gives paths to one server distinct URIs.</summary>
    public string UriOf(string export) => _socket is null
        ? $"nbd://127.0.0.1:{Port}/{export}"
        : $"nbd+unix:///{export}?socket={_socket}";

    private string Port => _port.ToString(CultureInfo.InvariantCulture);
}
