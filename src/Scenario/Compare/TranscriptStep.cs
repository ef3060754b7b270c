// SPDX-License-Identifier: Apache-2.0
namespace Braid.Scenario;

/// <summary>A step of a transcript: what was typed, and what came of it.</summary>
/// <param name="Command">The step as it stands in the scenario.</param>
internal sealed record TranscriptStep(string Command)
{
    public List<string> Output { get; } = [];

    public List<string> Log { get; } = [];

    /// <summary>The exit status, "pending", or null when there is none.</summary>
    public string? Result { get; private set; }

    /// <summary>Reads the steps of a transcript: lines that begin with > | = k.</summary>
    public static List<TranscriptStep> Read(string text)
    {
        var steps = new List<TranscriptStep>();
        foreach (string line in text.Split('\n'))
        {
            if (line.StartsWith("> ", StringComparison.Ordinal))
                steps.Add(new TranscriptStep(line[2..]));
            else if (steps.Count > 0)
                steps[^1].Add(line);
        }
        return steps;
    }

    private void Add(string line)
    {
        string rest = line.Length > 2 ? line[2..] : "";
        if (line == "|" || line.StartsWith("| ", StringComparison.Ordinal)) Output.Add(rest);
        else if (line.StartsWith("= ", StringComparison.Ordinal)) Result = rest.Trim();
        else if (line.StartsWith("k ", StringComparison.Ordinal)) Log.Add(rest);
    }
}
