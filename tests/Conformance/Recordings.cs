// SPDX-License-Identifier: Apache-2.0
using System.Reflection;
using Braid.Scenario;

namespace Braid.Tests.Conformance;

/// <summary>The scenarios of this folder, and what a kernel did with each.</summary>
internal static class Recordings
{
    private const string Scenarios = "Braid.Tests.Conformance.Scenarios.";
    private const string Transcripts = "Braid.Tests.Conformance.Transcripts.";

    public static IReadOnlyList<string> Names { get; } =
    [
        .. Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(name => name.StartsWith(Scenarios, StringComparison.Ordinal))
            .Select(name => Path.GetFileNameWithoutExtension(name[Scenarios.Length..]))
            .Order(StringComparer.Ordinal),
    ];

    public static ScenarioScript Script(string name) =>
        ScenarioScript.Parse(name, Text($"{Scenarios}{name}.scn"));

    public static string Transcript(string name) => Text($"{Transcripts}{name}.txt");

    private static string Text(string resource)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"{resource} is missing");
        return new StreamReader(stream).ReadToEnd();
    }
}
