// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;

namespace Braid.Scenario;

/// <summary>A scenario that was played and compared.</summary>
/// <param name="Script">The scenario.</param>
/// <param name="Differences">What differs from the kernel; empty when nothing does.</param>
public sealed record ScenarioVerdict(ScenarioScript Script, IReadOnlyList<string> Differences);

/// <summary>
/// docs/CONFORMANCE.md: each scenario, and whether Braid does what the kernel does.
/// </summary>
public static class ConformanceReport
{
    /// <summary>The page, from its headline to its last line.</summary>
    /// <param name="verdicts">In the order of the table.</param>
    public static string Write(IReadOnlyList<ScenarioVerdict> verdicts)
    {
        int equal = verdicts.Count(verdict => verdict.Differences.Count == 0);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"""
            # Conformance

            {verdicts.Count} scenarios, each with what a real Linux kernel did: 6.1.192, and
            6.12.107 for historical-service-time and io-affinity. Braid's own transcript of {equal}
            of them is equal, step by step: exit status and output of every step, which steps are
            pending, which step fails or reinstates which path. Two rules are stated: the words of
            errors and of the log are Braid's, and the event number may be higher by the path
            failures so far, since the kernel makes one event of two failures that come close
            together.

            This page is made by

                ./braid scenario --compare tests/Conformance/Transcripts \
                    --report docs/CONFORMANCE.md tests/Conformance/Scenarios/*.scn


            """);
        text.Append("| scenario | steps | what it is about | verdict |\n");
        text.Append("| --- | ---: | --- | --- |\n");
        foreach (ScenarioVerdict verdict in verdicts) AppendRow(text, verdict);
        return text.ToString();
    }

    private static void AppendRow(StringBuilder text, ScenarioVerdict verdict)
    {
        int steps = verdict.Script.Lines.Count(line => !line.StartsWith('#'));
        string about = verdict.Script.Lines
            .FirstOrDefault(line => line.StartsWith("# ", StringComparison.Ordinal))?[2..] ?? "";
        string word = verdict.Differences.Count == 0
            ? "equal"
            : string.Join("; ", verdict.Differences);
        text.Append(CultureInfo.InvariantCulture,
            $"| {Cell(verdict.Script.Name)} | {steps} | {Cell(about)} | {Cell(word)} |\n");
    }

    private static string Cell(string text) =>
        text.Replace("|", "\\|", StringComparison.Ordinal);
}
