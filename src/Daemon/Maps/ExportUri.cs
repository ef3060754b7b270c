// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Daemon;

/// <summary>Where a map is exported.</summary>
/// <param name="Endpoint">Where to listen.</param>
/// <param name="Name">Name of the export; may be empty.</param>
public sealed record ExportUri(Endpoint Endpoint, string Name)
{
    /// <summary>Reads the URI of an export.</summary>
    /// <exception cref="UriException">It is none; the message says what is wrong.</exception>
    public static ExportUri Parse(string text)
    {
        if (!NbdUri.IsNbd(text))
            throw new UriException(
                $"{text}: unknown kind of export; known are nbd://HOST[:PORT]/NAME and "
                + "nbd+unix:///NAME?socket=PATH");
        NbdUri uri = NbdUri.Parse(text);
        Endpoint endpoint = uri.SocketPath is { } path
            ? Endpoint.Unix(path)
            : Endpoint.Tcp(uri.Host, uri.Port);
        return new ExportUri(endpoint, uri.Export);
    }

    /// <summary>The URI that clients use, with the port that was chosen.</summary>
    public static string Describe(Endpoint endpoint, string name) =>
        new NbdUri(endpoint.Host, endpoint.Port, endpoint.SocketPath, name).ToString();
}
