// SPDX-License-Identifier: Apache-2.0
using System.Net.Sockets;
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop.Chaos;

/// <summary>
/// One path: a real server over the volume, at an address that stays while servers come and go, or
/// an impostor in its place.
/// </summary>
internal sealed class ChaosPath(
    Scratch scratch, string name, ServerKind kind, PathNet? net, string volume)
{
    private readonly string _socket = scratch.FilePath(name);
    private readonly string _pidFile = scratch.FilePath(name + ".pid");
    private Peer? _server;
    private Impostor? _impostor;
    private Task _stutter = Task.CompletedTask;
    private CancellationTokenSource? _stuttering;

    public string Name => name;

    /// <summary>Null for a unix socket.</summary>
    public PathNet? Net => net;

    public bool CanBeCut => net is { CanBeCut: true };

    public string Declared => $"{name}={net?.Uri ?? $"nbd+unix:///?socket={_socket}"}";

    public string Description =>
        $"{name} {(kind == ServerKind.Nbdkit ? "nbdkit" : "qemu-nbd")} "
        + (net is null ? "unix" : net.Address);

    /// <summary>
    /// The server has ended, without a start since; empty while it runs, or has a substitute.
    /// </summary>
    public string Trouble => _impostor is null && _server is { HasExited: true } server
        ? $", its server has ended: {server}"
        : "";

    /// <summary>Starts it, or starts it again; it listens when this is done.</summary>
    public async Task StartAsync()
    {
        File.Delete(_pidFile);
        File.Delete(_socket);
        string[] command = kind == ServerKind.Nbdkit ? Nbdkit() : QemuNbd();
        Peer server = await scratch.StartAsync(name, net?.Inside(command) ?? command);
        _server = server;
        await Eventually.IsTrueAsync(() => HasPidFile() || server.HasExited, $"{name} listens");
        if (server.HasExited) throw new ChaosException($"cannot start: {server}");
    }

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => scratch.EndAsync(_server!);

    public void Stop() => _server!.Stop();

    public void Continue() => _server!.Continue();

    /// <summary>A server that says nothing, or too little, instead of the real one.</summary>
    public async Task ReplaceAsync(ImpostorKind impostor)
    {
        await KillAsync();
        File.Delete(_socket);
        _impostor = new Impostor(net?.Listen() ?? ListenOnSocket(), impostor, volume);
    }

    /// <summary>The real one again.</summary>
    public async Task RestoreAsync()
    {
        await _impostor!.DisposeAsync();
        _impostor = null;
        await StartAsync();
    }

    /// <summary>Stops and goes on all the time: a server without enough of a processor.</summary>
    public void BeginStutter()
    {
        _stuttering = new CancellationTokenSource();
        _stutter = StutterAsync(_server!, _stuttering.Token);
    }

    public async Task EndStutterAsync()
    {
        await _stuttering!.CancelAsync();
        await _stutter;
        _stuttering.Dispose();
    }

    public async Task DisposeImpostorAsync()
    {
        if (_impostor is not null) await _impostor.DisposeAsync();
    }

    private static async Task StutterAsync(Peer server, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            server.Stop();
            await Task.Delay(30, CancellationToken.None);
            server.Continue();
            await Task.Delay(10, CancellationToken.None);
        }
    }

    private string[] Nbdkit() =>
    [
        "nbdkit", "-f", "-P", _pidFile,
        .. net is null ? (string[])["-U", _socket] : ["-i", net.Address, "-p", net.PortText],
        "file", volume,
    ];

    /// <summary>
    /// Without its lock on the file, which keeps two of it apart. It goes through the page cache,
    /// as nbdkit does: so all servers see one volume.
    /// </summary>
    private string[] QemuNbd() =>
    [
        "qemu-nbd", "--persistent", "--shared=0", "--cache=writeback",
        $"--pid-file={_pidFile}",
        .. net is null
            ? (string[])["-k", _socket]
            : [$"--bind={net.Address}", $"--port={net.PortText}"],
        "--image-opts", $"driver=raw,file.driver=file,file.locking=off,file.filename={volume}",
    ];

    private bool HasPidFile() => File.Exists(_pidFile) && new FileInfo(_pidFile).Length > 0;

    private Socket ListenOnSocket()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(_socket));
        socket.Listen();
        return socket;
    }
}
