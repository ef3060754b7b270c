// SPDX-License-Identifier: Apache-2.0
using System.Net.Sockets;
using System.Text.Json;

namespace Braid.Bench.Macro;

/// <summary>A `braid run` of one setting over the two servers, and its counters.</summary>
internal sealed class HedgeMap : IDisposable
{
    private readonly ChildProcess _process;
    private readonly NbdAddress _address;
    private readonly string _control;

    private HedgeMap(ChildProcess process, NbdAddress address, string control) =>
        (_process, _address, _control) = (process, address, control);

    public string Uri => _address.Uri;

    /// <summary>For an error message: what it said last, if it died.</summary>
    public string Obituary => _process.HasExited
        ? $"; braid had ended with status {_process.ExitCode}: {_process.LastWords}"
        : "";

    public static async Task<HedgeMap> StartAsync(
        HedgeSetting setting, IEnumerable<string> paths, Workspace workspace,
        CancellationToken cancel)
    {
        NbdAddress address = NbdAddress.Unix(workspace.NewFile("out.sock"));
        string control = workspace.NewFile("control.sock");
        ChildProcess process = ChildProcess.Start(
            [
                Checkout.BraidLauncher, "run",
                .. paths.SelectMany(uri => (string[])["--path", uri]), "--export", address.Uri,
                "--control", control, "--quiet", .. setting.Arguments,
            ],
            workspace.NewFile("braid.log"));
        var map = new HedgeMap(process, address, control);
        try
        {
            await NbdProbe.WaitAsync("braid", process, address, cancel);
        }
        catch
        {
            map.Dispose();
            throw;
        }
        return map;
    }

    /// <summary>Hedges sent, won and denied since it began; zeroes without any.</summary>
    public async Task<(long Sent, long Won, long Denied)> CountAsync(CancellationToken cancel)
    {
        using var socket =
            new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(_control), cancel);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync("{\"command\":\"info\"}\n"u8.ToArray(), cancel);
        using var reader = new StreamReader(stream);
        string answer = await reader.ReadToEndAsync(cancel);
        using JsonDocument reply = JsonDocument.Parse(answer);
        JsonElement map = reply.RootElement.GetProperty("maps")[0];
        if (!map.TryGetProperty("hedges", out JsonElement hedges)) return default;
        return (Number("sent"), Number("won"), Number("denied"));

        long Number(string name) => hedges.GetProperty(name).GetInt64();
    }

    public void Dispose() => _process.Dispose();
}
