// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using System.Globalization;

namespace Braid.Tests.Simulation;

/// <summary>
/// Runs seeds on several threads, each seed on one. Threads: outcomes come one by one.
/// </summary>
internal sealed class SimFleet(SimOptions options)
{
    /// <summary>
    /// Seeds run inside each other's continuations: more than the default of 1.5 MB.
    /// </summary>
    private const int StackBytes = 16 << 20;

    /// <summary>A seed that takes longer is named while it runs: it may never end.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly long _start = Stopwatch.GetTimestamp();
    private ulong _next = options.First;
    private long _seeds;
    private long _ios;
    private long _failedIos;
    private long _faults;
    private long _acts;
    private long _hedges;
    private long _hedgesWon;
    private double _seconds;
    private (ulong Seed, TimeSpan Time) _slowest;

    public void Run(Action<SimOutcome> ended)
    {
        Thread[] threads =
        [
            .. Enumerable.Range(0, options.Threads)
                .Select(_ => new Thread(() => RunSome(ended), StackBytes)),
        ];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
    }

    public string Summary(int failed)
    {
        double time = Math.Max(0.001, Stopwatch.GetElapsedTime(_start).TotalSeconds);
        return string.Create(CultureInfo.InvariantCulture,
            $"{_seeds} seeds in {time:0} s, {_seconds:0} simulated seconds ({_seconds / time:0}"
            + $" a second), {_ios} I/Os ({_failedIos} failed as they should), {_faults} faults, "
            + $"{_acts} acts, {_hedges} hedged reads ({_hedgesWon} won): "
            + $"{failed} seeds failed; "
            + $"the slowest was {_slowest.Seed}, {_slowest.Time.TotalSeconds:0.0} s");
    }

    private void RunSome(Action<SimOutcome> ended)
    {
        while (TryTake(out ulong seed))
        {
            long start = Stopwatch.GetTimestamp();
            using var watch = new Timer(_ => TellBusy(seed, start), null, Patience, Patience);
            SimOutcome outcome = SimRun.Run(SimPlan.For(seed), isTraceFull: false);
            lock (_lock)
            {
                Count(outcome);
                TimeSpan took = Stopwatch.GetElapsedTime(start);
                if (took > _slowest.Time) _slowest = (seed, took);
                ended(outcome);
            }
        }
    }

    private static void TellBusy(ulong seed, long start) => Console.Error.WriteLine(
        $"seed {seed} has run for {Stopwatch.GetElapsedTime(start).TotalSeconds:0} s");

    private bool TryTake(out ulong seed)
    {
        lock (_lock)
        {
            seed = _next;
            bool isOver = options.Time is { } time
                ? Stopwatch.GetElapsedTime(_start) >= time
                : seed > options.Last;
            if (!isOver) _next++;
            return !isOver;
        }
    }

    private void Count(SimOutcome outcome)
    {
        _seeds++;
        _ios += outcome.Ios;
        _failedIos += outcome.FailedIos;
        _faults += outcome.Faults;
        _acts += outcome.Acts;
        _hedges += outcome.Hedges;
        _hedgesWon += outcome.HedgesWon;
        _seconds += outcome.VirtualNs / 1e9;
    }
}
