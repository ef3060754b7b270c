// SPDX-License-Identifier: Apache-2.0
using System.Text.RegularExpressions;

namespace Braid.Scenario;

/// <summary>
/// Plays scenarios against an engine of their own, in virtual time, and writes down what happens:
/// each step, its output, its exit status, and the log since the step before.
/// </summary>
public static partial class ScenarioPlayer
{
    private const long Ms = 1_000_000;

    /// <summary>What a match may take, in milliseconds.</summary>
    private const int Patience = 1000;

    /// <summary>A step that is not done after this time stays behind.</summary>
    private const long StepNs = 8_000 * Ms;

    /// <summary>Making disks takes as long as it takes.</summary>
    private const long DiskNs = 60_000 * Ms;

    /// <summary>Longer than any sleep.</summary>
    private const long SleepNs = 4_000_000 * Ms;

    /// <summary>A step in the background is waited for so long.</summary>
    private const long BackgroundNs = 450 * Ms;

    /// <summary>`wait` waits so long, unless it is told otherwise.</summary>
    private const long WaitNs = 3_000 * Ms;

    /// <summary>After each step the log is given time to settle.</summary>
    private const long SettleNs = 40 * Ms;

    /// <summary>Plays a whole scenario on a machine of its own; its transcript.</summary>
    public static string Play(ScenarioScript script)
    {
        using var transcript = new StringWriter();
        Play(script, transcript);
        return transcript.ToString();
    }

    private static void Play(ScenarioScript script, TextWriter transcript)
    {
        using var world = new ScenarioWorld(script);
        transcript.Write($"# scenario {script.Name}\n");
        var background = new Dictionary<string, StepRun>(StringComparer.Ordinal);
        foreach (string line in script.Lines)
        {
            if (line.StartsWith('#'))
            {
                transcript.Write($"{line}\n");
                continue;
            }
            transcript.Write($"> {line}\n");
            PlayStep(world, background, line, transcript);
        }
    }

    private static void PlayStep(
        ScenarioWorld world, Dictionary<string, StepRun> background, string line,
        TextWriter transcript)
    {
        string[] words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        StepRun? run;
        long patience;
        switch (words)
        {
            case ["bg", string id, _, ..]:
                run = background[id] = StepBook.Start(world, words[2..]);
                patience = BackgroundNs;
                break;
            case ["wait", string id, .. string[] rest]:
                (run, patience) = WaitFor(background.GetValueOrDefault(id), rest);
                break;
            default:
                run = StepBook.Start(world, words);
                patience = words[0] switch
                {
                    "disk" or "scsi" or "luns" => DiskNs,
                    "sleep" => SleepNs,
                    _ => StepNs,
                };
                break;
        }
        WriteResult(Await(world, run, patience), transcript);
        world.Loop.RunFor(SettleNs);
        foreach (string text in world.TakeLog()) transcript.Write($"k {text}\n");
    }

    /// <summary>A step in the background, and how long it is waited for.</summary>
    private static (StepRun? Run, long PatienceNs) WaitFor(StepRun? run, string[] words)
    {
        try
        {
            return (run, words.Length > 0 ? StepNumbers.ReadMs(words[0]) : WaitNs);
        }
        catch (StepException error)
        {
            var failed = new StepRun { Result = "1" };
            failed.Output.Add($"braid: {error.Message}");
            return (failed, 0);
        }
    }

    /// <summary>The step, when it has ended in time; null while it is pending.</summary>
    private static StepRun? Await(ScenarioWorld world, StepRun? run, long patienceNs)
    {
        long end = world.Loop.NowNs + patienceNs;
        if (world.Loop.RunUntil(() => run is { IsDone: true }, patienceNs))
        {
            if (run!.Work.IsFaulted) run.Work.GetAwaiter().GetResult();
            return run;
        }
        world.Loop.RunFor(Math.Max(0, end - world.Loop.NowNs));
        return null;
    }

    private static void WriteResult(StepRun? run, TextWriter transcript)
    {
        if (run is null)
        {
            transcript.Write("= pending\n");
            return;
        }
        foreach (string text in run.Output) transcript.Write($"| {Normalize(text)}\n");
        transcript.Write($"= {run.Result}\n");
    }

    /// <summary>What the clock makes of a path's history is no part of a transcript.</summary>
    private static string Normalize(string line) =>
        History().Replace(line, "${path} N ${inFlight} N ");

    // A name begins with its word: else a long one would be looked at from each of its letters.
    [GeneratedRegex(
        "(?<=^| )(?<path>@[^ ]* [AF] [0-9]*) [0-9]* (?<inFlight>[0-9]*) [1-9][0-9]* ",
        RegexOptions.ExplicitCapture, Patience)]
    private static partial Regex History();
}
