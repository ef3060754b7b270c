// SPDX-License-Identifier: Apache-2.0
using Braid.Scenario;

namespace Braid.Tests.Conformance;

/// <summary>docs/CONFORMANCE.md says what is so.</summary>
public sealed class PageTests
{
    [Fact]
    public void The_page_is_what_the_command_makes()
    {
        ScenarioVerdict[] verdicts =
        [
            .. Recordings.Names.Select(name => new ScenarioVerdict(
                Recordings.Script(name),
                TranscriptComparer.Compare(
                    Recordings.Transcript(name), ScenarioPlayer.Play(Recordings.Script(name))))),
        ];

        File.ReadAllText(Page()).ShouldBe(ConformanceReport.Write(verdicts));
    }

    private static string Page()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Braid.slnx")))
            folder = Path.GetDirectoryName(folder);
        return Path.Combine(
            folder ?? throw new InvalidOperationException("the tests run outside the project"),
            "docs", "CONFORMANCE.md");
    }
}
