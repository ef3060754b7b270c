// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>
/// Runs a plan: rounds outermost, then cells, then contenders in an order that changes, so that
/// whatever the machine does meanwhile falls on all of them alike.
/// </summary>
internal sealed class NbdBench : IDisposable
{
    private readonly NbdPlan _plan;
    private readonly Progress _progress;
    private readonly Workspace _workspace = new();
    private readonly Fio _fio;
    private readonly IStorage _storage;
    private readonly Endpoints _endpoints;
    private readonly Dictionary<(Cell, Contender), CellResult> _results = [];

    public NbdBench(NbdPlan plan, Progress progress)
    {
        _plan = plan;
        _progress = progress;
        _fio = new Fio(_workspace, plan.Size);
        _storage = plan.Store == Store.Disk
            ? new DiskFile(plan, _workspace, _fio)
            : new Servers(plan, _workspace, _fio);
        _endpoints = new Endpoints(_workspace, _storage);
        foreach (Cell cell in plan.Cells)
        {
            foreach (Contender contender in plan.Contenders.Where(one => one.Takes(cell)))
                _results.Add((cell, contender), new CellResult(cell, contender));
        }
    }

    /// <summary>In the order of the plan.</summary>
    public IReadOnlyList<CellResult> Results =>
        [.. from cell in _plan.Cells
            from contender in _plan.Contenders
            where contender.Takes(cell)
            select _results[(cell, contender)]];

    public async Task RunAsync(CancellationToken cancel)
    {
        await PassAsync(0, "warm-up", WarmUpAsync, cancel);
        for (int round = 1; round <= _plan.Rounds; round++)
            await PassAsync(round, $"round {round} of {_plan.Rounds}", MeasureAsync, cancel);
        if (_plan.CountSystemCalls)
            await PassAsync(0, "counting system calls", CountSystemCallsAsync, cancel);
    }

    public void Dispose()
    {
        _endpoints.Dispose();
        _storage.Dispose();
        _workspace.Dispose();
    }

    private delegate Task Step(
        CellResult result, Endpoint endpoint, int round, CancellationToken cancel);

    private async Task PassAsync(int round, string title, Step step, CancellationToken cancel)
    {
        _progress.Begin(title);
        for (int i = 0; i < _plan.Cells.Count; i++)
        {
            Cell cell = _plan.Cells[i];
            Contender[] takers = [.. _plan.Contenders.Where(one => one.Takes(cell))];
            foreach (Contender contender in RunOrder.Of(takers, round + i))
                await StepAsync(_results[(cell, contender)], step, round, title, cancel);
        }
    }

    private async Task StepAsync(
        CellResult result, Step step, int round, string title, CancellationToken cancel)
    {
        if (result.Failure is not null) return;
        _progress.Show($"{result.Cell} {result.Contender}");
        Endpoint? endpoint = null;
        try
        {
            endpoint = await _endpoints.GetAsync(result.Contender, result.Cell, cancel);
            await step(result, endpoint, round, cancel);
        }
        catch (BenchException exception)
        {
            result.Failure = $"{title}: {exception.Message}{endpoint?.Obituary}";
            _endpoints.Discard(result.Contender, result.Cell);
            _storage.ThrowIfDead();
        }
    }

    private async Task WarmUpAsync(
        CellResult result, Endpoint endpoint, int round, CancellationToken cancel) =>
        await _fio.MeasureAsync(result.Cell, endpoint.Target, _plan.WarmUp, cancel);

    private async Task MeasureAsync(
        CellResult result, Endpoint endpoint, int round, CancellationToken cancel)
    {
        StatsCounters? counters = await endpoint.CountersAsync(cancel);
        double cpu = endpoint.CpuSeconds;
        double? serverCpu = _storage.CpuSeconds;
        FioReport report = await _fio.MeasureAsync(result.Cell, endpoint.Target, _plan.Run, cancel);
        result.Samples.Add(new Sample(round, report)
        {
            CpuSeconds = endpoint.CpuSeconds - cpu,
            ServerCpuSeconds = _storage.CpuSeconds - serverCpu,
            Counters = Difference(counters, await endpoint.CountersAsync(cancel)),
        });
    }

    private async Task CountSystemCallsAsync(
        CellResult result, Endpoint endpoint, int round, CancellationToken cancel)
    {
        ChildProcess? process = endpoint.Process ?? _storage.First(result.Cell.Transport);
        if (process is null) return;
        using SystemCallCounter counter =
            await SystemCallCounter.AttachAsync(process.Pid, _workspace, cancel);
        FioReport report = await _fio.MeasureAsync(result.Cell, endpoint.Target, _plan.Run, cancel);
        result.CountedSystemCallsPerIo = (double)await counter.StopAsync(cancel) / report.Ios;
    }

    private static StatsCounters? Difference(StatsCounters? before, StatsCounters? after) =>
        before is null || after is null ? null : new StatsCounters
        {
            SystemCalls = after.SystemCalls - before.SystemCalls,
            AllocatedBytes = after.AllocatedBytes - before.AllocatedBytes,
        };
}
