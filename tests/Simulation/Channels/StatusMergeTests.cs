// SPDX-License-Identifier: Apache-2.0
using Braid.Daemon;
using Braid.Mapper;

namespace Braid.Tests.Simulation;

/// <summary>One status line out of those of several loops.</summary>
public sealed class StatusMergeTests
{
    [Theory]
    [InlineData("2 0 0 0 1 1 A 0 2 2 a A 0 4096 1 b A 0 0 1 ",
        "2 0 0 0 1 1 A 0 2 2 a A 0 512 1 b F 3 0 1 ",
        "2 0 0 0 1 1 A 0 2 2 a A 0 4608 1 b F 3 0 1 ")]
    [InlineData("2 1 0 0 2 1 A 0 1 0 a F 2 E 0 1 1 b A 1 7 ",
        "2 0 0 0 2 1 A 0 1 0 a A 5 E 0 1 1 b A 0 2 ",
        "2 1 0 0 2 1 A 0 1 0 a F 5 E 0 1 1 b A 1 9 ")]
    [InlineData("2 0 0 0 1 1 A 2 1 2 2 3 a A 0 100 1 9 b A 0 0 0 9 ",
        "2 0 0 0 1 1 A 2 1 2 2 3 a A 0 300 2 7 b A 0 50 1 7 ",
        "2 0 0 0 1 1 A 2 1 2 2 3 a A 0 200 3 9 b A 0 50 1 9 ")]
    [InlineData("2 0 0 0 0 0 ", "2 0 0 0 0 0 ", "2 0 0 0 0 0 ")]
    [InlineData("2 0 0 0 1 1 A 0 1 0 a A 0 ", "2 0 0 0 0 0 ", "2 0 0 0 1 1 A 0 1 0 a A 0 ")]
    public void Failed_paths_are_those_of_any_and_what_is_in_flight_is_summed(
        string lead, string other, string merged) =>
        StatusMerge.Merge([Line(lead), Line(other)]).ShouldBe(Line(merged));

    private static TableLine Line(string arguments) => new(0, 8, "multipath", arguments);
}
