// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Braid.Wire.Nbd;

/// <summary>A URI that cannot be used: what is wrong with it, and what would be right.</summary>
public sealed class UriException(string message) : Exception(message);

/// <summary>
/// An NBD URI (the NBD project's uri.md): `nbd://HOST[:PORT]/EXPORT` or
/// `nbd+unix:///EXPORT?socket=PATH`.
/// </summary>
/// <param name="Host">Name or address; empty for a unix socket.</param>
/// <param name="Port">TCP port.</param>
/// <param name="SocketPath">Path of the unix socket; null for TCP.</param>
/// <param name="Export">Name of the export; may be empty.</param>
public sealed record NbdUri(string Host, int Port, string? SocketPath, string Export)
{
    /// <summary>The port of NBD (IANA).</summary>
    public const int DefaultPort = 10809;

    /// <summary>sun_path of struct sockaddr_un, less the final zero.</summary>
    private const int MaxSocketPath = 107;

    private const string TcpScheme = "nbd://";
    private const string UnixScheme = "nbd+unix://";

    /// <summary>Whether a text is meant as an NBD URI, right or wrong.</summary>
    public static bool IsNbd(string text) =>
        text.StartsWith("nbd:", StringComparison.Ordinal)
        || text.StartsWith("nbd+unix:", StringComparison.Ordinal)
        || text.StartsWith("nbds", StringComparison.Ordinal);

    /// <summary>Reads a URI; <see cref="UriException"/> says what is wrong.</summary>
    public static NbdUri Parse(string text)
    {
        if (text.StartsWith("nbds", StringComparison.Ordinal))
            throw new UriException($"{text}: NBD over TLS is not supported yet, use nbd://");
        string rest = text.Contains('#', StringComparison.Ordinal)
            ? throw new UriException($"{text}: an NBD URI has no fragment (#)")
            : text;
        if (rest.StartsWith(UnixScheme, StringComparison.Ordinal))
            return ParseUnix(text, rest[UnixScheme.Length..]);
        if (rest.StartsWith(TcpScheme, StringComparison.Ordinal))
            return ParseTcp(text, rest[TcpScheme.Length..]);
        throw new UriException(
            $"{text}: expected nbd://HOST[:PORT]/EXPORT or nbd+unix:///EXPORT?socket=PATH");
    }

    /// <summary>The URI, escaped: <see cref="Parse"/> reads the same out of it.</summary>
    public override string ToString()
    {
        string export = Uri.EscapeDataString(Export);
        if (SocketPath is { } path) return $"{UnixScheme}/{export}?socket={Escape(path)}";
        string host = Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host;
        return $"{TcpScheme}{host}:{Port}/{export}";
    }

    /// <summary>Slashes stay, as people write them: a query may hold them.</summary>
    private static string Escape(string path) =>
        Uri.EscapeDataString(path).Replace("%2F", "/", StringComparison.Ordinal);

    private static NbdUri ParseUnix(string text, string rest)
    {
        (string place, string query) = Cut(rest, '?');
        if (!place.StartsWith('/') && place.Length > 0)
            throw new UriException($"{text}: a unix URI has no host, write nbd+unix:///EXPORT");
        string? path = null;
        foreach (string pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            (string key, string value) = Cut(pair, '=');
            if (key != "socket")
                throw new UriException($"{text}: unknown parameter '{key}', known is socket");
            path = Uri.UnescapeDataString(value);
        }
        if (string.IsNullOrEmpty(path))
            throw new UriException($"{text}: the socket is missing, add ?socket=PATH");
        if (path.Contains('\0', StringComparison.Ordinal))
            throw new UriException($"{text}: a socket's path has no zero byte");
        if (System.Text.Encoding.UTF8.GetByteCount(path) > MaxSocketPath)
            throw new UriException($"{text}: the socket path is over {MaxSocketPath} bytes long");
        return new NbdUri("", 0, path, ExportOf(text, place));
    }

    private static NbdUri ParseTcp(string text, string rest)
    {
        (string place, string query) = Cut(rest, '?');
        if (query.Length > 0) throw new UriException($"{text}: nbd:// takes no parameters");
        int slash = place.IndexOf('/', StringComparison.Ordinal);
        string authority = slash < 0 ? place : place[..slash];
        string export = slash < 0 ? "" : place[slash..];
        if (authority.Contains('@', StringComparison.Ordinal))
            throw new UriException("an nbd:// URI has no user, write nbd://HOST[:PORT]/EXPORT");
        (string host, int port) = SplitAuthority(text, authority);
        if (host.Length == 0) throw new UriException($"{text}: the host is missing");
        return new NbdUri(host, port, null, ExportOf(text, export));
    }

    private static (string Host, int Port) SplitAuthority(string text, string authority)
    {
        string host = authority;
        string port = "";
        if (authority.StartsWith('['))
        {
            int close = authority.IndexOf(']', StringComparison.Ordinal);
            if (close < 0) throw new UriException($"{text}: the address lacks its ']'");
            host = authority[1..close];
            port = authority[(close + 1)..];
            if (port.Length > 0 && port[0] != ':')
                throw new UriException($"{text}: expected :PORT after ']'");
            port = port.TrimStart(':');
        }
        else if (authority.Contains(':', StringComparison.Ordinal))
        {
            (host, port) = Cut(authority, ':');
        }
        if (port.Length == 0) return (host, DefaultPort);
        if (int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number <= ushort.MaxValue)
            return (host, number);
        throw new UriException($"{text}: the port '{port}' is not a number up to 65535");
    }

    private static string ExportOf(string text, string place)
    {
        string export = Uri.UnescapeDataString(place.Length > 0 ? place[1..] : "");
        if (System.Text.Encoding.UTF8.GetByteCount(export) > NbdProtocol.MaxString)
            throw new UriException($"{text[..64]}...: the export's name is over 4096 bytes long");
        return export;
    }

    private static (string Before, string After) Cut(string text, char at)
    {
        int index = text.IndexOf(at, StringComparison.Ordinal);
        return index < 0 ? (text, "") : (text[..index], text[(index + 1)..]);
    }
}
