// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Braid.Bench.Macro;

/// <summary>
/// The nbdkit servers below everybody, started when first wanted. `nbdkit memory` keeps its bytes
/// to itself, so one of it stands for all paths; `nbdkit file` runs once for each path.
/// </summary>
internal sealed class Servers(NbdPlan plan, Workspace workspace, Fio fio) : IStorage
{
    private readonly Dictionary<(Transport, int), (ChildProcess Process, NbdAddress Address)>
        _running = [];

    private string? _disk;

    /// <summary>Of every server: only one contender uses them at a time.</summary>
    public double? CpuSeconds =>
        _running.Values.Sum(server => CpuClock.Seconds(server.Process.Pid));

    /// <summary>Direct clients and proxies use it.</summary>
    public ChildProcess? First(Transport transport) => _running[(transport, 0)].Process;

    public async Task<string> UriAsync(Cell cell, int path, CancellationToken cancel)
    {
        Transport transport = cell.Transport;
        int index = plan.Store == Store.Memory ? 0 : path;
        if (!_running.TryGetValue((transport, index), out var server))
            _running[(transport, index)] = server = await StartAsync(transport, cancel);
        return server.Address.UriOf($"p{path}");
    }

    public void ThrowIfDead()
    {
        foreach ((ChildProcess process, _) in _running.Values)
        {
            if (process.HasExited)
                throw new BenchException(
                    $"the nbdkit server ended with status {process.ExitCode}: {process.LastWords}");
        }
    }

    public void Dispose()
    {
        foreach ((ChildProcess process, _) in _running.Values) process.Dispose();
    }

    private async Task<(ChildProcess, NbdAddress)> StartAsync(
        Transport transport, CancellationToken cancel)
    {
        bool isNew = plan.Store == Store.Memory || _disk is null;
        NbdAddress address = transport == Transport.Tcp
            ? NbdAddress.FreeTcp()
            : NbdAddress.Unix(workspace.NewFile("server.sock"));
        ChildProcess process = ChildProcess.Start(
            ["nbdkit", "-f", .. address.NbdkitListen, .. Plugin()],
            workspace.NewFile("server.log"));
        try
        {
            await NbdProbe.WaitAsync("nbdkit", process, address, cancel);
            if (isNew) await fio.FillAsync(address.Uri, cancel);
        }
        catch
        {
            process.Dispose();
            throw;
        }
        return (process, address);
    }

    private string[] Plugin() => plan.Store == Store.Memory
        ? ["memory", plan.Size.ToString(CultureInfo.InvariantCulture)]
        : ["file", _disk ??= workspace.CreateDisk(plan.Size)];
}
