// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Braid.Tests.Interop.Chaos;

/// <summary>A time in which no path worked, and no bound was promised.</summary>
internal readonly record struct Outage(TimeSpan Began, TimeSpan Ended);

/// <summary>
/// Plays the faults of a plan. But for <see cref="FaultKind.AllDown"/> it leaves one path alone
/// that works, and lets one hang be noticed before the next one begins. Everything but the actions
/// themselves happens on one task.
/// </summary>
internal sealed class Director(
    ChaosOptions options, FaultPlan plan, IReadOnlyList<PathHealth> paths, Findings findings,
    Trace trace)
{
    /// <summary>
    /// Paths whose faults are over have come back by then, whatever their backoff.
    /// </summary>
    private static readonly TimeSpan Return = TimeSpan.FromSeconds(45);

    private const int StepMs = 5;

    private readonly List<(Task Task, FaultKind Kind, PathHealth Path)> _playing = [];
    private readonly List<Outage> _outages = [];
    private readonly Dictionary<FaultKind, int> _counts = [];
    private readonly List<TimeSpan> _beginnings = [];
    private TimeSpan? _outageBegan;

    public int Count => _counts.Values.Sum();

    public IReadOnlyDictionary<FaultKind, int> Counts => _counts;

    public IReadOnlyList<Outage> Outages => _outages;

    /// <summary>When each fault began.</summary>
    public IReadOnlyList<TimeSpan> Beginnings => _beginnings;

    /// <summary>Plays until it is told to stop; then waits until all paths are back.</summary>
    public async Task RunAsync(CancellationToken stop, CancellationToken cancel)
    {
        while (!stop.IsCancellationRequested)
        {
            PlannedFault fault = plan.Next();
            TimeSpan began = ChaosClock.Now;
            if (!await WaitAsync(() => TryBegin(fault), stop)) break;
            // What a fault had to wait for, the next one need not.
            TimeSpan rest = fault.Gap - (ChaosClock.Now - began);
            await WaitAsync(() => ChaosClock.Now - began > rest, stop);
        }
        Func<PathHealth, bool> isBack = options.WaitsForAll && !cancel.IsCancellationRequested
            ? path => path.TakesIo
            : path => path.Works;
        await WaitAsync(() => paths.All(isBack), CancellationToken.None);
    }

    /// <summary>False when it was told to stop, or when it waits in vain.</summary>
    private async Task<bool> WaitAsync(Func<bool> condition, CancellationToken stop)
    {
        TimeSpan began = ChaosClock.Now;
        while (!condition())
        {
            if (stop.IsCancellationRequested) return false;
            if (ChaosClock.Now - began > Return)
            {
                findings.Error("the paths do not come back: " + Describe());
                return false;
            }
            await Task.Delay(StepMs, CancellationToken.None);
            await LookAsync();
        }
        return true;
    }

    /// <summary>What has gone wrong in an action ends the run; what is over, is over.</summary>
    private async Task LookAsync()
    {
        foreach (var done in _playing.Where(playing => playing.Task.IsCompleted).ToArray())
        {
            _playing.Remove(done);
            await done.Task;
            done.Path.End();
            trace.Add($"{done.Kind} {done.Path.Path.Name} is over");
        }
        if (_outageBegan is not { } began || !paths.Any(path => path.TakesIo)) return;
        _outages.Add(new Outage(began, ChaosClock.Now));
        trace.Add("a path takes I/O again");
        _outageBegan = null;
    }

    private bool TryBegin(PlannedFault fault)
    {
        if (_outageBegan is not null) return false;
        PathHealth[] chosen = fault.Kind switch
        {
            FaultKind.AllDown => All(),
            FaultKind.Restarts => AllButOne(fault),
            _ => One(fault),
        };
        if (chosen.Length == 0) return false;
        int number = Count + 1;
        _beginnings.Add(ChaosClock.Now);
        _counts[fault.Kind] = _counts.GetValueOrDefault(fault.Kind) + 1;
        trace.Add(string.Create(
            CultureInfo.InvariantCulture,
            $"#{number} {fault.Kind} {string.Join(' ', chosen.Select(path => path.Path.Name))} "
            + $"for {ChaosClock.Milliseconds(fault.Time)}"));
        if (fault.Kind == FaultKind.AllDown) _outageBegan = ChaosClock.Now;
        for (int i = 0; i < chosen.Length; i++)
        {
            FaultKind kind = KindFor(fault.Kind, number + i, chosen[i]);
            chosen[i].Begin(kind);
            _playing.Add((PlayAsync(kind, chosen[i].Path, fault.Time), kind, chosen[i]));
        }
        return true;
    }

    /// <summary>All of them, when each of them is whole.</summary>
    private PathHealth[] All() => paths.All(path => path.Works) ? [.. paths] : [];

    private PathHealth[] AllButOne(PlannedFault fault)
    {
        PathHealth? spared = fault.Wishes.Select(HealthOf).FirstOrDefault(path => path.Works);
        if (spared is null) return [];
        PathHealth[] others =
            [.. paths.Where(path => path != spared && path is { Fault: null, IsSuspect: false })];
        return others.Length >= Math.Min(2, paths.Count - 1) ? others : [];
    }

    private PathHealth[] One(PlannedFault fault)
    {
        bool hangs = PathHealth.Hangs(fault.Kind);
        PathHealth? path = fault.Wishes.Select(HealthOf).FirstOrDefault(path =>
            path.Fault is null && (!hangs || path.HasDrained)
            && FaultActions.Suits(fault.Kind, path.Path)
            && paths.Any(other => other != path && other.Works)
            && !(hangs && paths.Any(other => other != path && other.IsSettling)));
        return path is null ? [] : [path];
    }

    private PathHealth HealthOf(ChaosPath path) => paths.First(health => health.Path == path);

    /// <summary>When all go down, they do so in different ways.</summary>
    private static FaultKind KindFor(FaultKind kind, int number, PathHealth path) => kind switch
    {
        FaultKind.Restarts => FaultKind.Kill,
        FaultKind.AllDown when number % 3 == 0 => FaultKind.LongPause,
        FaultKind.AllDown when number % 3 == 1 && path.Path.CanBeCut => FaultKind.Cut,
        FaultKind.AllDown => FaultKind.Kill,
        _ => kind,
    };

    private static async Task PlayAsync(FaultKind kind, ChaosPath path, TimeSpan time)
    {
        await FaultActions.BeginAsync(kind, path);
        await Task.Delay(time, CancellationToken.None);
        await FaultActions.EndAsync(kind, path);
    }

    private string Describe() => string.Join(", ", paths.Select(path =>
        $"{path.Path.Name} {path.Fault?.ToString() ?? (path.Works ? "works" : "does not work")}"
        + path.Path.Trouble));
}
