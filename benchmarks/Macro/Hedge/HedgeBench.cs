// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>
/// fio's random reads at a fixed rate through a map with two paths, of which one's server stands
/// still at times; each setting once a round, interleaved; the first round is not counted.
/// </summary>
internal sealed class HedgeBench(HedgePlan plan)
{
    private const long DeviceBytes = 64L << 20;

    public async Task<IReadOnlyList<HedgeResult>> RunAsync(CancellationToken cancel)
    {
        using var workspace = new Workspace();
        string disk = workspace.CreateDisk(DeviceBytes);
        using var still = await StartServerAsync(disk, workspace, cancel);
        using var steady = await StartServerAsync(disk, workspace, cancel);
        var fio = new Fio(workspace, DeviceBytes);
        await fio.FillAsync(steady.Address.Uri, cancel);
        var maps = new List<HedgeMap>();
        try
        {
            foreach (HedgeSetting setting in plan.Settings)
                maps.Add(await HedgeMap.StartAsync(
                    setting, [still.Address.Uri, steady.Address.Uri], workspace, cancel));
            return await MeasureAsync(maps, fio, still.Process, cancel);
        }
        finally
        {
            foreach (HedgeMap map in maps) map.Dispose();
        }
    }

    private async Task<IReadOnlyList<HedgeResult>> MeasureAsync(
        List<HedgeMap> maps, Fio fio, ChildProcess server, CancellationToken cancel)
    {
        List<HedgeSample>[] samples = [.. maps.Select(_ => new List<HedgeSample>())];
        for (int round = 0; round <= plan.Rounds; round++)
        {
            for (int turn = 0; turn < maps.Count; turn++)
            {
                // Not the same one first each time.
                int which = (turn + round) % maps.Count;
                HedgeSample sample = await MeasureAsync(maps[which], fio, server, cancel);
                if (round > 0) samples[which].Add(sample);
            }
        }
        return [.. plan.Settings.Zip(samples, (setting, all) => new HedgeResult(setting, all))];
    }

    private async Task<HedgeSample> MeasureAsync(
        HedgeMap map, Fio fio, ChildProcess server, CancellationToken cancel)
    {
        (long sent, long won, long denied) = await map.CountAsync(cancel);
        FioReport report;
        using (new Pauses(server, plan.Pause, plan.Every))
        {
            try
            {
                report = await fio.MeasureAsync(plan.Cell, map.Uri, plan.Length, cancel);
            }
            catch (BenchException error)
            {
                throw new BenchException(error.Message + map.Obituary);
            }
        }
        (long sentNow, long wonNow, long deniedNow) = await map.CountAsync(cancel);
        return new HedgeSample(report, sentNow - sent, wonNow - won, deniedNow - denied);
    }

    private static async Task<HedgeServer> StartServerAsync(
        string disk, Workspace workspace, CancellationToken cancel)
    {
        NbdAddress address = NbdAddress.Unix(workspace.NewFile("server.sock"));
        ChildProcess process = ChildProcess.Start(
            ["nbdkit", "-f", .. address.NbdkitListen, "file", disk],
            workspace.NewFile("server.log"));
        var server = new HedgeServer(process, address);
        try
        {
            await NbdProbe.WaitAsync("nbdkit", process, address, cancel);
        }
        catch
        {
            server.Dispose();
            throw;
        }
        return server;
    }

    private sealed record HedgeServer(ChildProcess Process, NbdAddress Address) : IDisposable
    {
        public void Dispose() => Process.Dispose();
    }
}
