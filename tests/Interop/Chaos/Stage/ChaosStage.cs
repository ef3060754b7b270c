// SPDX-License-Identifier: Apache-2.0
using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop.Chaos;

/// <summary>
/// The volume, the servers over it with their networks, and a real `braid run` on top.
/// </summary>
internal sealed class ChaosStage : IAsyncDisposable
{
    public const string Map = "chaos";
    public const string Export = "vol";

    private readonly Scratch _scratch = new();
    private NetSpace? _hub;

    public Scratch Scratch => _scratch;

    public IReadOnlyList<ChaosPath> Paths { get; private set; } = [];

    public string Volume { get; private set; } = "";

    public string ExportSocket => _scratch.FilePath("m");

    public string ExportUri => $"nbd+unix:///{Export}?socket={ExportSocket}";

    public string ControlSocket => _scratch.FilePath("control");

    public BraidProcess? Braid { get; private set; }

    /// <summary>Why there are no networks of its own; empty when there are.</summary>
    public string WithoutNetworks { get; private set; } = "";

    /// <summary>What its log says of them.</summary>
    public PathLosses Losses { get; } = new();

    /// <summary>Makes the volume and starts servers over it.</summary>
    public async Task StartServersAsync(
        long volumeBytes, IReadOnlyList<(ServerKind Kind, bool HasNet)> servers)
    {
        Volume = _scratch.MakeFile("volume", volumeBytes);
        await TryMakeHubAsync();
        var paths = new List<ChaosPath>();
        for (int i = 0; i < servers.Count; i++)
        {
            PathNet? net = servers[i].HasNet ? await MakeNetAsync(i) : null;
            string name = ((char)('a' + i)).ToString();
            paths.Add(new ChaosPath(_scratch, name, servers[i].Kind, net, Volume));
        }
        Paths = paths;
        foreach (ChaosPath path in paths) await path.StartAsync();
    }

    /// <summary>Starts Braid over all of them; its log goes to the trace.</summary>
    public async Task StartBraidAsync(TimeSpan ioTimeout, Trace trace, params string[] more)
    {
        string timeout = ioTimeout.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        string[] command =
        [
            "dotnet", BraidProcess.Program, "run", "--name", Map, "--control", ControlSocket,
            "--export", ExportUri, "--io-timeout", timeout, "--connect-timeout", timeout,
            "--queue-if-no-path", .. Paths.SelectMany(path => new[] { "--path", path.Declared }),
            .. more,
        ];
        Peer peer = await _scratch.StartAsync("braid", _hub?.Inside(command) ?? command);
        peer.ErrorLine += line => Hear(line, trace);
        Braid = new BraidProcess(peer);
        await Braid.WaitForExportAsync();
    }

    private void Hear(string line, Trace trace)
    {
        trace.Add($"    {line}");
        Losses.Hear(line, ChaosClock.Now);
    }

    /// <summary>Makes another map in the same Braid, over one path. Returns its socket.</summary>
    public async Task<string> CreateMapAsync(string name, ChaosPath path, long bytes)
    {
        string socket = _scratch.FilePath(name);
        string table = string.Create(
            CultureInfo.InvariantCulture,
            $"0 {bytes / 512} multipath 0 0 1 1 service-time 0 1 1 {path.Name} 1");
        byte[] request = JsonSerializer.SerializeToUtf8Bytes(new
        {
            command = "create",
            name,
            table,
            exports = new[] { $"nbd+unix:///{Export}?socket={socket}" },
        });
        using JsonDocument answer =
            await MapView.AskAsync(ControlSocket, [.. request, (byte)'\n']);
        if (answer.RootElement.TryGetProperty("error", out JsonElement error))
            throw new ChaosException($"map {name}: {error.GetString()}");
        return socket;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ChaosPath path in Paths) await path.DisposeImpostorAsync();
        await _scratch.DisposeAsync();
    }

    /// <summary>Braid's own namespace; without the rights or the tools, none.</summary>
    private async Task TryMakeHubAsync()
    {
        try
        {
            _hub = await NetSpace.CreateAsync(_scratch);
            // The rules of a firewall are as likely to be missing as the namespace.
            await _hub.RunAsync("nft", "add table ip probe");
        }
        catch (Exception error) when (error is ChaosException or Win32Exception)
        {
            _hub = null;
            WithoutNetworks = error.Message.Split('\n')[0];
        }
    }

    private async Task<PathNet> MakeNetAsync(int number) => _hub is null
        ? PathNet.OnLoopback()
        : await PathNet.CreateAsync(_scratch, _hub, number);
}
