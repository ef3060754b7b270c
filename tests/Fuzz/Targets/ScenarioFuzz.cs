// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Braid.Scenario;

namespace Braid.Tests.Fuzz;

/// <summary>
/// Whole scenarios: some steps of a real one, some of others, changed. Each is played, and what is
/// printed is a transcript of it.
/// </summary>
internal sealed class ScenarioFuzz : FuzzTarget
{
    private const int MaxLines = 24;

    private static readonly string[] Words =
    [
        "disk", "scsi", "luns", "dm", "create", "try", "load", "clear", "resume", "suspend",
        "remove", "message", "table", "inactive", "status", "info", "deps", "show", "waitevent",
        "hold", "release", "break", "fix", "badblocks", "unplug", "scsiopt", "alua", "param",
        "attr", "write", "read", "io", "flush", "discard", "zeroout", "size", "mark", "count",
        "between", "hst", "stale", "sleep", "chain", "cpu", "bg", "wait", "null", "ram", "@a",
        "@b", "@mp", "mp", "noflush", "--noflush", "wn", "wp", "ws", "wt", "wb", "rb", ";", "|",
        "size=1", "max_sectors=8", "hw_queue_depth=1", "irqmode=2", "completion_nsec=1000000",
        "blocksize=4096", "cache_size=1", "discard=1", "type=1", "a=standby", "b=optimized",
        "queue/scheduler", "none", "mq-deadline", "multipath", "linear", "error", "delay",
        "flakey", "zero", "queue_if_no_path", "fail_if_no_path", "fail_path", "reinstate_path",
        "switch_group", "# smp 4", "# needs dm-io-affinity",
    ];

    private static readonly string[] Lines = [.. Corpus.Scenarios.SelectMany(lines => lines)];

    public override string Name => "scenario";

    public override int Weight => 5;

    /// <summary>Each step may hold some hundred MiB of I/O, and few do.</summary>
    public override long MaxBytes(int length) => (64L << 20) + (MaxLines * (600L << 20));

    public override string Make(LoopRandom random)
    {
        var mutator = new Mutator(random, Words);
        string[] scenario = mutator.Pick(Corpus.Scenarios);
        // The disks of a scenario stand at its head.
        int head = (int)Math.Min(scenario.Length, 4 + random.Next(4));
        var lines = new List<string>(scenario[..head]);
        int start = (int)random.Next(scenario.Length);
        while (lines.Count < MaxLines && start < scenario.Length) lines.Add(scenario[start++]);
        for (long changes = 1 + random.Next(5); changes > 0; changes--)
        {
            int at = (int)random.Next(lines.Count);
            if (random.Chance(300)) lines.Insert(at, mutator.Pick(Lines));
            else lines[at] = mutator.Change(lines[at], Lines);
        }
        return string.Join('\n', lines.Take(MaxLines));
    }

    public override bool Read(string input)
    {
        try
        {
            ScenarioScript script = ScenarioScript.Parse("fuzz", input);
            string transcript = ScenarioPlayer.Play(script);
            Check(transcript.StartsWith("# scenario fuzz\n", StringComparison.Ordinal), "no head");
            Check(
                TranscriptComparer.Compare(transcript, transcript).Count == 0,
                "its transcript differs from itself");
            int steps = script.Lines.Count(line => !line.StartsWith('#'));
            int played = transcript.Split('\n').Count(line => line.StartsWith('>'));
            Check(played == steps, $"{played} of {steps} steps were played");
            return true;
        }
        catch (ScenarioException error)
        {
            Check(error.Message.Length > 0, "an error without words");
            return false;
        }
    }
}
