// SPDX-License-Identifier: Apache-2.0
using Braid.Scenario;

namespace Braid.Tests.Conformance;

/// <summary>What counts as a difference between two transcripts, and what does not.</summary>
public sealed class ComparerTests
{
    private const string Step = "> info x\n| x:L--w:3\n= 0\n";

    [Theory]
    [InlineData("")]
    [InlineData("# scenario x\n")]
    [InlineData(Step)]
    [InlineData("> a\n= pending\n> b\n|\n| two  \n= 1\nk device-mapper: x\n")]
    public void A_transcript_equals_itself(string text) => Compare(text, text).ShouldBeEmpty();

    [Theory]
    [InlineData("> a\n= 1\n", "step 1 `a`: status 0, ours 1")]
    [InlineData("> a\n= pending\n", "step 1 `a`: status 0, ours pending")]
    [InlineData("> a\n", "step 1 `a`: status 0, ours ")]
    [InlineData("> a\n| x\n= 0\n", "step 1 `a`: output [], ours [x]")]
    [InlineData("> b\n= 0\n", "step 1 `a`: ours is `b`")]
    [InlineData("", "step 1 `a`: missing, and all after it")]
    [InlineData("> a\n= 0\n> b\n= 0\n", "1 more steps than the kernel's")]
    [InlineData("> a\n= 0\nk @mp: Failing path @p.\n", "step 1 `a`: path events [], ours "
        + "[failing @p]")]
    public void A_difference_is_told_with_its_step(string ours, string difference) =>
        Compare("> a\n= 0\n", ours).ShouldBe([difference]);

    [Theory]
    [InlineData("| 0 8 multipath ", "| 0 8 multipath")]
    [InlineData("| a\n| b", "| b\n| a")]
    [InlineData("| a", "| a\n| a")]
    [InlineData("|", "")]
    public void Output_is_compared_to_the_last_blank(string theirs, string ours)
    {
        Compare($"> a\n{theirs}\n= 0\n", $"> a\n{ours}\n= 0\n").ShouldHaveSingleItem()
            .ShouldStartWith("step 1 `a`: output [");
    }

    [Fact]
    public void The_words_of_errors_are_ours_to_choose()
    {
        Compare(
            "> try x\n| device-mapper: reload ioctl failed: Invalid argument\n| Command failed.\n"
            + "= 1\nk device-mapper: table: bad\n",
            "> try x\n| braid: it is bad\n= 1\n").ShouldBeEmpty();
        Compare(
            "> show x\n| table:  Device does not exist.\n| Command failed.\n= 0\n",
            "> show x\n| braid: no device\n= 0\n").ShouldBeEmpty();
    }

    [Fact]
    public void What_the_kernel_tells_we_tell_too()
    {
        const string Kernel = "> a\n= 0\nk device-mapper: something happened\n";
        Compare(Kernel, "> a\n= 0\n").ShouldBe(
            ["step 1 `a`: the kernel logs 'device-mapper: something happened', ours nothing"]);
        Compare(Kernel, "> a\n= 0\nk @mp: in other words\n").ShouldBeEmpty();
        Compare(Kernel, "> a\n| braid: so\n= 0\n").ShouldBeEmpty();
        Compare("> a\n= 0\nk alua: x\n", "> a\n= 0\n").ShouldBeEmpty();
    }

    [Fact]
    public void Path_events_may_come_in_any_order_but_all_of_them_once()
    {
        const string Kernel =
            "> a\n= 0\nk device-mapper: multipath: Failing path @b.\nk x: Failing path @a.\n";
        Compare(Kernel, "> a\n= 0\nk @mp: Failing path @a.\nk @mp: Failing path @b.\n")
            .ShouldBeEmpty();
        Compare(Kernel, "> a\n= 0\nk @mp: Failing path @a.\nk @mp: Reinstating path @b.\n")
            .ShouldHaveSingleItem();
        Compare(Kernel, "> a\n= 0\nk @mp: Failing path @a.\n").ShouldHaveSingleItem();
    }

    /// <summary>The kernel makes one event of two failures that come close together.</summary>
    [Theory]
    [InlineData(3, true)]
    [InlineData(4, true)]
    [InlineData(5, true)]
    [InlineData(6, false)]
    [InlineData(2, false)]
    public void The_event_number_may_be_higher_by_the_failures_so_far(int number, bool isEqual)
    {
        const string Failures = "> w\n= 0\nk d: Failing path @a.\nk d: Failing path @b.\n";
        IReadOnlyList<string> found = Compare(
            Failures + Step,
            Failures + Step.Replace(":3", $":{number}", StringComparison.Ordinal));
        (found.Count == 0).ShouldBe(isEqual);
        Compare(Step, Step.Replace(":3", ":4", StringComparison.Ordinal)).ShouldHaveSingleItem();
    }

    [Fact]
    public void The_flags_beside_the_event_number_count() =>
        Compare(Step, "> info x\n| x:L-sw:3\n= 0\n").ShouldHaveSingleItem();

    [Fact]
    public void The_page_has_a_row_for_each_scenario_and_its_verdict()
    {
        ScenarioScript script = ScenarioScript.Parse("07-x", "# about | this\nsleep 1\nsleep 2");
        string page = ConformanceReport.Write(
            [new ScenarioVerdict(script, []), new ScenarioVerdict(script, ["one", "two"])]);
        page.ShouldContain("| 07-x | 2 | about \\| this | equal |\n");
        page.ShouldEndWith("| 07-x | 2 | about \\| this | one; two |\n");
        page.ShouldStartWith("# Conformance\n\n2 scenarios, ");
    }

    private static IReadOnlyList<string> Compare(string kernel, string ours) =>
        TranscriptComparer.Compare(kernel, ours);
}
