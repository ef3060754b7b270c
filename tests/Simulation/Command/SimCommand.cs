// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Simulation;

/// <summary>
/// `./sim`: many seeds over all processors, the rate, and for each that fails the story of its last
/// moments and the one command that replays it.
/// </summary>
internal static class SimCommand
{
    private const int Ok = 0;
    private const int Failed = 1;

    /// <summary>Failures that are told in full; of more only the seeds are.</summary>
    private const int MaxTold = 3;

    /// <summary>Of one seed among many: the last lines before the end.</summary>
    private const int LinesTold = 40;

    public static Task<int> RunAsync(string[] args) => CommandLine.RunAsync(
        SimOptions.CreateCommand(), args, SimOptions.Read,
        options => Task.FromResult(options.IsSingle ? Replay(options) : RunAll(options)));

    private static int RunAll(SimOptions options)
    {
        var fleet = new SimFleet(options);
        var failed = new List<SimOutcome>();
        fleet.Run(outcome =>
        {
            if (outcome.Problem is null) return;
            failed.Add(outcome);
            if (failed.Count <= MaxTold) Tell(outcome, LinesTold);
            else Console.WriteLine($"seed {outcome.Seed}: {FirstLine(outcome.Problem)}");
        });
        Console.WriteLine(fleet.Summary(failed.Count));
        foreach (SimOutcome outcome in failed.OrderBy(one => one.Seed))
            Console.WriteLine($"replay: ./sim --seed {outcome.Seed}");
        return failed.Count == 0 ? Ok : Failed;
    }

    private static int Replay(SimOptions options)
    {
        SimOutcome outcome = SimRun.Run(SimPlan.For(options.First), isTraceFull: true);
        Tell(outcome, int.MaxValue);
        Console.WriteLine($"seed {outcome.Seed}: hash {outcome.Hash:x16}, "
            + $"{outcome.Ios} I/Os, {outcome.FailedIos} failed, {outcome.Faults} faults, "
            + $"{outcome.Acts} acts, {outcome.Hedges} hedged reads");
        return outcome.Problem is null ? Ok : Failed;
    }

    private static void Tell(SimOutcome outcome, int lines)
    {
        foreach (string line in outcome.Trace.TakeLast(lines)) Console.WriteLine(line);
        if (outcome.Problem is null) return;
        Console.WriteLine($"seed {outcome.Seed}: {outcome.Problem}");
        Console.WriteLine($"replay: ./sim --seed {outcome.Seed}\n");
    }

    private static string FirstLine(string text) => text.Split('\n')[0];
}
