// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Braid.Tests.Interop.Support;

/// <summary>
/// An NBD server of somebody else's: nbdkit or qemu-nbd. It can be killed and started again at the
/// same address. Ready when it has written its pid file, which both do once they listen.
/// </summary>
internal sealed class NbdServerPeer
{
    private readonly InteropTest _test;
    private readonly string _name;
    private readonly string _pidFile;
    private readonly string _program;
    private readonly string[] _arguments;
    private Peer? _peer;

    private NbdServerPeer(
        InteropTest test, string folder, string name, string program, int port,
        Func<NbdServerPeer, IEnumerable<string>> arguments)
    {
        _test = test;
        _name = name;
        _program = program;
        _pidFile = Path.Combine(folder, $"{name}.pid");
        SocketPath = Path.Combine(folder, name);
        Port = port;
        _arguments = [.. arguments(this)];
    }

    public string SocketPath { get; }

    /// <summary>0 for a unix socket.</summary>
    public int Port { get; }

    /// <summary>Of its default export.</summary>
    public string Uri => UriOf("");

    /// <summary>As a declared path of its name.</summary>
    public string Declared => $"{_name}={Uri}";

    public Peer Process => _peer!;

    public static NbdServerPeer Nbdkit(
        InteropTest test, string folder, string name, string[] arguments) =>
        new(test, folder, name, "nbdkit", 0, server =>
            ["-f", "-P", server._pidFile, "-U", server.SocketPath, .. arguments]);

    public static NbdServerPeer NbdkitOnTcp(
        InteropTest test, string folder, string name, string[] arguments) =>
        new(test, folder, name, "nbdkit", FreePort(), server =>
            ["-f", "-P", server._pidFile, "-i", "127.0.0.1", "-p", Number(server.Port),
                .. arguments]);

    /// <summary>Serves on when a client has gone, and several at once.</summary>
    public static NbdServerPeer QemuNbd(
        InteropTest test, string folder, string name, string[] arguments) =>
        new(test, folder, name, "qemu-nbd", 0, server =>
            ["--persistent", "--shared=8", $"--pid-file={server._pidFile}", "-k",
                server.SocketPath, .. arguments]);

    public string UriOf(string export) => Port == 0
        ? $"nbd+unix:///{export}?socket={SocketPath}"
        : string.Create(CultureInfo.InvariantCulture, $"nbd://127.0.0.1:{Port}/{export}");

    /// <summary>Starts it, or starts it again.</summary>
    public async Task StartAsync()
    {
        File.Delete(_pidFile);
        File.Delete(SocketPath);
        _peer = await _test.StartAsync(_name, _program, _arguments);
        await Eventually.IsTrueAsync(() => HasPidFile() || Process.HasExited, $"{_name} listens");
        if (Process.HasExited) Assert.Fail($"cannot start: {Process}");
    }

    /// <summary>SIGKILL, and nobody listens any more when this is done.</summary>
    public async Task KillAsync()
    {
        Process.Kill();
        await Process.WaitForExitAsync();
    }

    private bool HasPidFile() => File.Exists(_pidFile) && new FileInfo(_pidFile).Length > 0;

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A port that nobody has now; nbdkit cannot choose one itself.</summary>
    private static int FreePort()
    {
        using var probe = new Socket(SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
