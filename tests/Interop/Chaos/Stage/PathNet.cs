// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Braid.Tests.Interop.Chaos;

/// <summary>
/// A server's own network: one link to where Braid is, that can be cut, refused and slowed. Without
/// namespaces it is a port of the loopback, and can be neither.
/// </summary>
internal sealed class PathNet
{
    private const int Port = 10809;
    private const string Link = "up";

    private readonly NetSpace? _space;
    private readonly string _address;
    private readonly int _port;

    private PathNet(NetSpace? space, string address, int port) =>
        (_space, _address, _port) = (space, address, port);

    /// <summary>Whether there is a link of its own to be cut.</summary>
    public bool CanBeCut => _space is not null;

    public string Uri => string.Create(CultureInfo.InvariantCulture, $"nbd://{_address}:{_port}");

    public string Address => _address;

    public string PortText => _port.ToString(CultureInfo.InvariantCulture);

    /// <summary>Joins a new namespace to Braid's.</summary>
    public static async Task<PathNet> CreateAsync(Scratch scratch, NetSpace braid, int number)
    {
        NetSpace space = await NetSpace.CreateAsync(scratch);
        string prefix = string.Create(CultureInfo.InvariantCulture, $"10.99.{number}.");
        string link = string.Create(CultureInfo.InvariantCulture, $"down{number}");
        await braid.LinkAsync(link, prefix + "1", space, Link, prefix + "2");
        await space.RunAsync("nft", "add table ip chaos;"
            + "add chain ip chaos in { type filter hook input priority 0; };"
            + "add chain ip chaos out { type filter hook output priority 0; }");
        return new PathNet(space, prefix + "2", Port);
    }

    /// <summary>A free port of the loopback.</summary>
    public static PathNet OnLoopback()
    {
        using var probe = new Socket(SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return new PathNet(null, "127.0.0.1", ((IPEndPoint)probe.LocalEndPoint!).Port);
    }

    public string[] Inside(IEnumerable<string> command) =>
        _space?.Inside(command) ?? [.. command];

    /// <summary>Everything is dropped without a word, in both directions.</summary>
    public Task CutAsync() => _space!.RunAsync(
        "nft", "add rule ip chaos in drop; add rule ip chaos out drop");

    /// <summary>Whatever comes is answered by a reset.</summary>
    public Task RefuseAsync() => _space!.RunAsync(
        "nft", "add rule ip chaos in meta l4proto tcp reject with tcp reset");

    public Task MendAsync() => _space!.RunAsync(
        "nft", "flush chain ip chaos in; flush chain ip chaos out");

    /// <summary>
    /// 20 ms more for each packet, where the kernel has netem; else a narrow link, whose queue is
    /// as long as that.
    /// </summary>
    public async Task SlowAsync()
    {
        try
        {
            await ShapeAsync("netem", "delay", "20ms");
        }
        catch (ChaosException)
        {
            await ShapeAsync("tbf", "rate", "60mbit", "burst", "64kb", "limit", "512kb");
        }
    }

    public Task QuickenAsync() => _space!.RunAsync("tc", "qdisc", "del", "dev", Link, "root");

    /// <summary>A socket that listens where the server would.</summary>
    public Socket Listen()
    {
        Socket Make()
        {
            var socket = new Socket(
                AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.Bind(new IPEndPoint(IPAddress.Parse(_address), _port));
            socket.Listen();
            return socket;
        }
        return _space is null ? Make() : _space.MakeSocket(Make);
    }

    private Task ShapeAsync(params string[] discipline) =>
        _space!.RunAsync(["tc", "qdisc", "replace", "dev", Link, "root", .. discipline]);
}
