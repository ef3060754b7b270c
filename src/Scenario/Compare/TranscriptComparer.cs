// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text.RegularExpressions;

namespace Braid.Scenario;

/// <summary>
/// Holds a transcript of ours against a kernel's. Equal are steps, exit status, output and which
/// step fails or reinstates which path; the words of errors and of the log are ours to choose.
/// </summary>
public static partial class TranscriptComparer
{
    /// <summary>What a match may take, in milliseconds.</summary>
    private const int Patience = 1000;

    /// <summary>Lines of error text, the kernel's tools' and ours.</summary>
    private static readonly string[] ErrorText =
    [
        "device-mapper: ", "Command failed.", "Device does not exist.", "braid: ",
        "sh: ", "/steps.sh: ", "cat: ", "mkdir: ", "insmod: ", "taskset: ", "blockdev: ",
        "dmsetup: ", "Couldn't process command line.", "No message supplied.", "Invalid format on ",
        "Name \"",
    ];

    /// <summary>
    /// What differs, a line for each; none when they are equal. Nothing is said of the steps after
    /// one that is missing or another.
    /// </summary>
    public static IReadOnlyList<string> Compare(string kernel, string ours)
    {
        List<TranscriptStep> theirs = TranscriptStep.Read(kernel);
        List<TranscriptStep> mine = TranscriptStep.Read(ours);
        var found = new List<string>();
        int failures = 0;
        for (int i = 0; i < theirs.Count; i++)
        {
            string where = $"step {i + 1} `{theirs[i].Command}`";
            if (i >= mine.Count)
            {
                found.Add($"{where}: missing, and all after it");
                return found;
            }
            if (theirs[i].Command != mine[i].Command)
            {
                found.Add($"{where}: ours is `{mine[i].Command}`");
                return found;
            }
            failures += PathEvents(theirs[i]).Count(text => text.StartsWith('f'));
            found.AddRange(CompareStep(theirs[i], mine[i], failures)
                .Select(difference => $"{where}: {difference}"));
        }
        if (mine.Count > theirs.Count)
            found.Add($"{mine.Count - theirs.Count} more steps than the kernel's");
        return found;
    }

    private static IEnumerable<string> CompareStep(
        TranscriptStep theirs, TranscriptStep ours, int failures)
    {
        if (theirs.Result != ours.Result)
            yield return $"status {theirs.Result}, ours {ours.Result}";
        List<string> expected = Kept(theirs.Output);
        List<string> actual = Kept(ours.Output);
        bool isSame = expected.Count == actual.Count
            && expected.Zip(actual).All(pair => IsSame(pair.First, pair.Second, failures));
        if (!isSame)
            yield return $"output [{string.Join(" / ", expected)}], "
                + $"ours [{string.Join(" / ", actual)}]";
        string expectedEvents = string.Join(", ", PathEvents(theirs));
        string actualEvents = string.Join(", ", PathEvents(ours));
        if (expectedEvents != actualEvents)
            yield return $"path events [{expectedEvents}], ours [{actualEvents}]";
        string? told = theirs.Log.Find(line =>
            !line.Contains("alua:", StringComparison.Ordinal) && !PathEvent().IsMatch(line));
        bool tells = ours.Log.Count > 0
            || ours.Output.Exists(line => line.Contains("braid: ", StringComparison.Ordinal));
        if (told is not null && !tells) yield return $"the kernel logs '{told}', ours nothing";
    }

    /// <summary>The output without its error text.</summary>
    private static List<string> Kept(List<string> output) => output.FindAll(line =>
    {
        Match label = Label().Match(line);
        string rest = line[label.Length..];
        bool isError = Array.Exists(
            ErrorText, text => rest.StartsWith(text, StringComparison.Ordinal));
        return !isError && !(label.Success && rest.Length == 0);
    });

    /// <summary>
    /// The event number may be higher by the failures so far: two that come close together may
    /// raise one event or two.
    /// </summary>
    private static bool IsSame(string theirs, string ours, int failures)
    {
        if (theirs == ours) return true;
        Match a = EventNumber().Match(theirs);
        Match b = EventNumber().Match(ours);
        if (!a.Success || !b.Success) return false;
        if (a.Groups["flags"].Value != b.Groups["flags"].Value) return false;
        long more = Number(b.Groups["number"].Value) - Number(a.Groups["number"].Value);
        return more >= 0 && more <= failures;
    }

    private static long Number(string digits) =>
        long.TryParse(digits, CultureInfo.InvariantCulture, out long number) ? number : 0;

    private static IEnumerable<string> PathEvents(TranscriptStep step) => step.Log
        .Select(line => PathEvent().Match(line)).Where(match => match.Success)
        .Select(match => (Kind: match.Groups["kind"].Value, Path: match.Groups["path"].Value))
        .Select(change => $"{change.Kind.ToLowerInvariant()} {change.Path}")
        .Order(StringComparer.Ordinal);

    [GeneratedRegex(
        "(?<kind>failing|reinstating) path (?<path>@[A-Za-z0-9_]+)",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, Patience)]
    private static partial Regex PathEvent();

    [GeneratedRegex(
        "^(?<flags>(info: +)?[A-Za-z0-9_]+:[LIsw-]+:)(?<number>[0-9]+)$",
        RegexOptions.ExplicitCapture, Patience)]
    private static partial Regex EventNumber();

    [GeneratedRegex(
        "^(table|status|info): +", RegexOptions.ExplicitCapture, Patience)]
    private static partial Regex Label();
}
