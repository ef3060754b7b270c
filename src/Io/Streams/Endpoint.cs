// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>Where to connect or listen: a host and port, or the path of a unix socket.</summary>
/// <param name="Host">Name or address; empty for a unix socket.</param>
/// <param name="Port">0 to 65535; 0 lets the machine choose when listening.</param>
/// <param name="SocketPath">Path of a unix socket, or null for TCP.</param>
public sealed record Endpoint(string Host, int Port, string? SocketPath)
{
    public static Endpoint Tcp(string host, int port) => new(host, port, null);

    public static Endpoint Unix(string path) => new("", 0, path);

    public override string ToString() =>
        SocketPath is { } path ? $"unix:{path}"
        : Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
