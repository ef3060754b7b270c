// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>
/// One connection reads 4 KiB at a time while another floods the same export. Rounds are
/// interleaved; the first is not counted.
/// </summary>
internal sealed class FairnessBench : IDisposable
{
    /// <summary>
    /// The flood runs so long before what is watched, which does not count as its rate, and as
    /// long after it, for what fio takes to begin.
    /// </summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(0.3);

    private static readonly Cell Watched = new(Workload.RandomRead, 1);

    private readonly int _rounds;
    private readonly TimeSpan _length;
    private readonly IReadOnlyList<Contender> _contenders;
    private readonly Workspace _workspace = new();
    private readonly Fio _fio;
    private readonly Servers _servers;
    private readonly Endpoints _endpoints;

    public FairnessBench(int rounds, TimeSpan length, IReadOnlyList<Contender> contenders)
    {
        _rounds = rounds;
        _length = length;
        _contenders = contenders;
        var plan = new NbdPlan([Watched], contenders);
        _fio = new Fio(_workspace, plan.Size);
        _servers = new Servers(plan, _workspace, _fio);
        _endpoints = new Endpoints(_workspace, _servers);
    }

    public async Task<IReadOnlyList<FairnessResult>> RunAsync(CancellationToken cancel)
    {
        (Contender Contender, Flood Flood)[] cases =
        [
            .. from flood in Flood.All from contender in _contenders select (contender, flood),
        ];
        List<FairnessSample>[] samples = [.. cases.Select(_ => new List<FairnessSample>())];
        for (int round = 0; round <= _rounds; round++)
        {
            foreach (int index in RunOrder.Of([.. Enumerable.Range(0, cases.Length)], round))
            {
                FairnessSample sample =
                    await MeasureAsync(cases[index].Contender, cases[index].Flood, cancel);
                if (round > 0) samples[index].Add(sample);
            }
        }
        return
        [
            .. cases.Zip(samples, (one, all) => new FairnessResult(one.Contender, one.Flood, all)),
        ];
    }

    public void Dispose()
    {
        _endpoints.Dispose();
        _servers.Dispose();
        _workspace.Dispose();
    }

    private async Task<FairnessSample> MeasureAsync(
        Contender contender, Flood flood, CancellationToken cancel)
    {
        Endpoint endpoint = await _endpoints.GetAsync(contender, Watched, cancel);
        if (flood.Cell is not { } cell)
            return new(await _fio.MeasureAsync(Watched, endpoint.Uri, _length, cancel), 0);
        Task<FioReport> flooding =
            _fio.MeasureAsync(cell, endpoint.Uri, Margin, _length + Margin, cancel);
        await Task.Delay(Margin, cancel);
        FioReport watched = await _fio.MeasureAsync(Watched, endpoint.Uri, _length, cancel);
        FioReport other = await flooding;
        return new(watched, other.Bytes / 1e3 / other.RuntimeMs);
    }
}
