// SPDX-License-Identifier: Apache-2.0
using Braid.Scenario;

namespace Braid.Tests.Conformance;

/// <summary>
/// What a kernel's dm-multipath did, step by step, is done again: the same scenario, the same
/// transcript, by the rules of <see cref="TranscriptComparer"/>.
/// </summary>
public sealed class ScenarioTests
{
    public static TheoryData<string> Names => [.. Recordings.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_kernels_transcript_is_followed(string name)
    {
        string ours = ScenarioPlayer.Play(Recordings.Script(name));

        TranscriptComparer.Compare(Recordings.Transcript(name), ours).ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_scenario_plays_the_same_twice(string name)
    {
        ScenarioScript script = Recordings.Script(name);

        ScenarioPlayer.Play(script).ShouldBe(ScenarioPlayer.Play(script));
    }

    [Fact]
    public void There_is_a_transcript_for_each_scenario() => Recordings.Names.Count.ShouldBe(151);
}
