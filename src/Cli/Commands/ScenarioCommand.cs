// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Braid.Scenario;

namespace Braid.Cli;

/// <summary>`braid scenario`: plays steps against an engine in virtual time.</summary>
internal static class ScenarioCommand
{
    private const string Extension = ".txt";

    public static Command Create()
    {
        var files = new Argument<string[]>("FILE")
        {
            Description = "Scenarios: a step on each line.",
            Arity = ArgumentArity.OneOrMore,
        };
        var output = new Option<string?>("-o", "--output")
        {
            Description = "Write DIR/NAME.txt for each file instead of printing.",
            HelpName = "DIR",
        };
        var compare = new Option<string?>("--compare")
        {
            Description = "Hold each transcript against DIR/NAME.txt, a kernel's, and print what "
                + "differs; status 1 if anything does.",
            HelpName = "DIR",
        };
        var report = new Option<string?>("--report")
        {
            Description = "With --compare: write the verdicts there, as a Markdown page.",
            HelpName = "FILE",
        };
        var command = new Command("scenario", "Play scenario files in virtual time.")
            { files, output, compare, report };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(files), parsed.GetValue(output), parsed.GetValue(compare),
            parsed.GetValue(report)));
        return command;
    }

    private static int Run(string[] files, string? output, string? compare, string? report)
    {
        if (report is not null && compare is null)
            throw new UsageException("--report needs --compare");
        try
        {
            ScenarioScript[] scripts = [.. files.Select(Read)];
            if (output is not null) Directory.CreateDirectory(output);
            var verdicts = new List<ScenarioVerdict>();
            foreach (ScenarioScript script in scripts)
            {
                string transcript = ScenarioPlayer.Play(script);
                if (output is not null)
                    File.WriteAllText(Path.Combine(output, script.Name + Extension), transcript);
                if (compare is not null) verdicts.Add(Compare(script, transcript, compare));
                else if (output is null) Console.Write(transcript);
            }
            if (compare is null) return ExitStatus.Done;
            if (report is not null)
                File.WriteAllText(report, ConformanceReport.Write(verdicts));
            return Print(verdicts);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ScenarioException(error.Message);
        }
    }

    private static ScenarioScript Read(string file) =>
        ScenarioScript.Parse(Path.GetFileNameWithoutExtension(file), File.ReadAllText(file));

    private static ScenarioVerdict Compare(ScenarioScript script, string transcript, string folder)
    {
        string kernel = File.ReadAllText(Path.Combine(folder, script.Name + Extension));
        return new ScenarioVerdict(script, TranscriptComparer.Compare(kernel, transcript));
    }

    private static int Print(List<ScenarioVerdict> verdicts)
    {
        foreach (ScenarioVerdict verdict in verdicts.Where(one => one.Differences.Count > 0))
        {
            Console.WriteLine($"{verdict.Script.Name}: {verdict.Differences.Count} differ");
            foreach (string difference in verdict.Differences) Console.WriteLine($"  {difference}");
        }
        int equal = verdicts.Count(verdict => verdict.Differences.Count == 0);
        Console.WriteLine($"{equal} equal, {verdicts.Count - equal} different");
        return equal == verdicts.Count ? ExitStatus.Done : ExitStatus.Failed;
    }
}
