// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Braid.Bench.Macro;

/// <summary>
/// 128 KiB reads over paths that nbdkit's rate filter limits: a server for each path, all on one
/// file. Rounds are interleaved; each run begins with fresh servers.
/// </summary>
internal sealed class RateBench(int rounds, TimeSpan length, string braid)
{
    private const long DeviceBytes = 1L << 30;
    private const int BitsPerByte = 8;

    /// <summary>The filter lets through at once what a path may save up in two seconds.</summary>
    private static readonly TimeSpan Ramp = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>What waits on the slowest path ends within this.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public async Task<IReadOnlyList<RateResult>> RunAsync(CancellationToken cancel)
    {
        using var workspace = new Workspace();
        string disk = workspace.CreateDisk(DeviceBytes);
        List<double>[] samples = [.. RateCase.All.Select(_ => new List<double>())];
        for (int round = 0; round < rounds; round++)
        {
            foreach (int index in RunOrder.Of(Enumerable.Range(0, samples.Length).ToArray(), round))
                samples[index].Add(
                    await MeasureAsync(RateCase.All[index], workspace, disk, cancel));
        }
        return [.. RateCase.All.Zip(samples, (its, all) => new RateResult(its, all))];
    }

    private async Task<double> MeasureAsync(
        RateCase its, Workspace workspace, string disk, CancellationToken cancel)
    {
        var processes = new List<ChildProcess>();
        try
        {
            var uris = new List<string>();
            foreach (int rate in its.Rates)
            {
                NbdAddress server = await StartAsync(
                    "nbdkit", workspace, processes, address => Server(address, rate, disk), cancel);
                uris.Add(server.Uri);
            }
            if (its.Selector is null) return await RunFioAsync(uris[0], workspace, cancel);
            CommandTemplate command =
                Contender.Braid("braid", braid, $"--quiet --selector '{its.Selector}'").Command!;
            NbdAddress export = await StartAsync(
                "braid", workspace, processes,
                address => command.Expand(new TemplateValues(uris, address, "")), cancel);
            return await RunFioAsync(export.Uri, workspace, cancel);
        }
        finally
        {
            processes.Reverse();
            foreach (ChildProcess process in processes) process.Dispose();
        }
    }

    private static async Task<NbdAddress> StartAsync(
        string name, Workspace workspace, List<ChildProcess> processes,
        Func<NbdAddress, IReadOnlyList<string>> command, CancellationToken cancel)
    {
        NbdAddress address = NbdAddress.Unix(workspace.NewFile($"{name}.sock"));
        ChildProcess process =
            ChildProcess.Start(command(address), workspace.NewFile($"{name}.log"));
        processes.Add(process);
        await NbdProbe.WaitAsync(name, process, address, cancel);
        return address;
    }

    private static string[] Server(NbdAddress address, int megabytesPerSecond, string disk) =>
    [
        "nbdkit", "-f", .. address.NbdkitListen, "--filter=rate", "file", disk,
        string.Create(CultureInfo.InvariantCulture,
            $"rate={megabytesPerSecond * 1_000_000L * BitsPerByte}"),
    ];

    private async Task<double> RunFioAsync(
        string uri, Workspace workspace, CancellationToken cancel)
    {
        string log = workspace.NewFile("fio");
        IReadOnlyList<string> command = FioCommand.Rates(
            uri, Ramp + length, DeviceBytes, Interval, log, workspace.NewFile("fio.json"));
        using ChildProcess fio = ChildProcess.Start(command, workspace.NewFile("fio.log"));
        if (!await fio.WaitAsync(Ramp + length + Patience, cancel))
            throw new BenchException("fio hung");
        if (fio.ExitCode != 0)
            throw new BenchException($"fio ended with status {fio.ExitCode}: {fio.LastWords}");
        // The name is fio's: of the first job's bandwidth.
        string text = await File.ReadAllTextAsync($"{log}_bw.1.log", cancel);
        return BandwidthLog.MegabytesPerSecond(text, Ramp, Ramp + length);
    }
}
