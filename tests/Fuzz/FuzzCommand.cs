// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using System.Globalization;

namespace Braid.Tests.Fuzz;

/// <summary>
/// `./fuzz`: many inputs over one target or all of them, the rate, and on a failure the input and
/// the one command that replays it.
/// </summary>
internal static class FuzzCommand
{
    private const int Ok = 0;
    private const int Failed = 1;

    /// <summary>The watch looks so often.</summary>
    private const int WatchMs = 1000;

    /// <summary>A line of progress at a terminal, so often.</summary>
    private static readonly TimeSpan Progress = TimeSpan.FromSeconds(2);

    public static Task<int> RunAsync(string[] args) => CommandLine.RunAsync(
        FuzzOptions.CreateCommand(), args, FuzzOptions.Read,
        options => Task.FromResult(options.Input is null ? RunAll(options) : Replay(options)));

    private static int RunAll(FuzzOptions options)
    {
        Fuzzer[] fuzzers =
            [.. options.Targets().Select(target => new Fuzzer(target, options.Seed))];
        using var record = new FuzzRecord(options.Seed);
        long start = Stopwatch.GetTimestamp();
        int weights = fuzzers.Sum(fuzzer => fuzzer.Target.Weight);
        foreach (Fuzzer fuzzer in fuzzers)
        {
            long inputs = options.Inputs / weights * fuzzer.Target.Weight;
            inputs += options.Inputs % weights * fuzzer.Target.Weight / weights;
            if (!RunOne(fuzzer, Math.Max(1, inputs), options, record)) return Failed;
        }
        TimeSpan time = Stopwatch.GetElapsedTime(start);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{fuzzers.Sum(f => f.Done)} inputs in {time.TotalSeconds:0} s, 0 failed"));
        return Ok;
    }

    private static bool RunOne(
        Fuzzer fuzzer, long inputs, FuzzOptions options, FuzzRecord record)
    {
        using var watch = new Timer(
            _ => record.EndIfHung(Fuzzer.MaxTime), null, WatchMs, WatchMs);
        long start = Stopwatch.GetTimestamp();
        long shown = start;
        for (long number = 0; number < inputs; number++)
        {
            record.Begin(fuzzer.Target.Name, number);
            FuzzOutcome outcome = fuzzer.Run(number);
            if (outcome.Problem is not null) return Report(fuzzer, number, options, outcome);
            if (Console.IsOutputRedirected || Stopwatch.GetElapsedTime(shown) < Progress) continue;
            shown = Stopwatch.GetTimestamp();
            Console.Write($"\r{Line(fuzzer, start)} ");
        }
        Console.WriteLine((Console.IsOutputRedirected ? "" : "\r") + Line(fuzzer, start));
        return true;
    }

    private static string Line(Fuzzer fuzzer, long start)
    {
        double seconds = Math.Max(0.001, Stopwatch.GetElapsedTime(start).TotalSeconds);
        return string.Create(CultureInfo.InvariantCulture,
            $"{fuzzer.Target.Name,-10} {fuzzer.Done,9} inputs {fuzzer.Done / seconds,8:0}/s"
            + $" {100.0 * fuzzer.Good / Math.Max(1, fuzzer.Done),5:0.0} % good");
    }

    private static bool Report(
        Fuzzer fuzzer, long number, FuzzOptions options, FuzzOutcome outcome)
    {
        Console.WriteLine();
        Console.WriteLine($"{fuzzer.Target.Name}: input {number}: {outcome.Problem}");
        Console.WriteLine($"---\n{outcome.Input}\n---");
        Console.WriteLine(
            $"replay: {FuzzRecord.Command(options.Seed, fuzzer.Target.Name, number)}");
        return false;
    }

    private static int Replay(FuzzOptions options)
    {
        var fuzzer = new Fuzzer(options.Targets()[0], options.Seed);
        using var record = new FuzzRecord(options.Seed);
        long number = options.Input!.Value;
        record.Begin(fuzzer.Target.Name, number);
        FuzzOutcome outcome = fuzzer.Run(number);
        if (outcome.Problem is not null)
        {
            Report(fuzzer, number, options, outcome);
            return Failed;
        }
        Console.WriteLine($"---\n{outcome.Input}\n---");
        Console.WriteLine(outcome.IsGood ? "good" : "refused, as it should be");
        return Ok;
    }
}
