// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Conformance;

/// <summary>
/// Ports in access states and the alua handler over them: what the host knows, what it sets, what
/// I/O comes through.
/// </summary>
public sealed class AluaTests
{
    private const string Map = "create mp 0 32768 multipath 0 1 alua 2 1 "
        + "round-robin 0 1 1 @a 1 round-robin 0 1 1 @b 1";

    [Theory]
    [InlineData("optimized", "| ok")]
    [InlineData("nonoptimized", "| ok")]
    [InlineData("standby", "| error EIO")]
    // Its size could not be asked for.
    [InlineData("unavailable", "| error ENOSPC")]
    public void Only_an_active_port_takes_I_O(string state, string result) =>
        Play($"luns a={state}", "write a 0 8 1").ShouldContain(result);

    [Fact]
    public void Without_a_handler_the_host_knows_no_state() =>
        Play("luns a=standby", "alua a").ShouldContain(
            "| @a target=standby host= handler=detached");

    [Fact]
    public void With_the_handler_it_knows_all_and_sets_the_group_it_uses()
    {
        IReadOnlyList<string> lines = Play(
            "luns a=standby b=optimized", Map, "alua a", "write mp 0 8 1", "alua a", "alua b");
        lines.ShouldContain("| @a target=standby host=standby handler=alua");
        lines.ShouldContain("| ok");
        lines.ShouldContain("| @a target=optimized host=active/optimized handler=alua");
        lines.ShouldContain("| @b target=optimized host=active/optimized handler=alua");
    }

    [Fact]
    public void Implicit_states_are_not_set_and_the_path_that_cannot_serve_fails()
    {
        IReadOnlyList<string> lines = Play(
            "luns a=standby b=optimized type=1", Map, "write mp 0 8 1", "alua a", "status mp");
        lines.ShouldContain("| ok");
        lines.ShouldContain("| @a target=standby host=standby handler=alua");
        lines.ShouldContain("k @mp: Failing path @a.");
        lines.ShouldContain("| 0 32768 multipath 2 0 1 0 2 2 E 0 1 0 @a F 1 A 0 1 0 @b A 0 ");
    }

    [Theory]
    [InlineData("1 alua", "optimized")]
    [InlineData("2 alua 0", "optimized")]
    [InlineData("2 alua 1", "nonoptimized")]
    public void A_group_that_is_active_but_not_optimized_may_stay_so_when_told(
        string handler, string state) =>
        Play("luns a=nonoptimized",
            $"create mp 0 32768 multipath 0 {handler} 1 1 round-robin 0 1 1 @a 1",
            "write mp 0 8 1", "alua a")
            .ShouldContain(line => line.StartsWith($"| @a target={state} "));

    [Fact]
    public void Only_the_handler_alua_and_only_its_words_are_known()
    {
        const string Try = "try 0 32768 multipath 0";
        IReadOnlyList<string> lines = Play(
            "luns a=optimized", "scsi s", "disk n null",
            $"{Try} 1 emc 1 1 round-robin 0 1 1 @a 1",
            $"{Try} 2 alua 2 1 1 round-robin 0 1 1 @a 1",
            $"{Try} 1 alua 1 1 round-robin 0 1 1 @s 1",
            $"{Try} 1 alua 1 1 round-robin 0 1 1 @n 1");
        lines.Count(line => line.StartsWith(
            "| braid: error attaching hardware handler: ", StringComparison.Ordinal)).ShouldBe(4);
        lines.Count(line => line == "= 1").ShouldBe(4);
    }

    [Fact]
    public void A_port_that_does_not_answer_is_asked_again_and_then_fails()
    {
        IReadOnlyList<string> lines = Play(
            "luns a=optimized b=optimized",
            Map.Replace("multipath 0", "multipath 2 pg_init_retries 2", StringComparison.Ordinal),
            "break a", "write mp 0 8 1", "status mp");
        lines.ShouldContain("| ok");
        lines.ShouldContain("| 0 32768 multipath 2 0 1 0 2 2 E 0 1 0 @a F 1 A 0 1 0 @b A 0 ");
    }

    [Fact]
    public void A_state_that_changes_at_the_target_is_known_after_the_next_command()
    {
        IReadOnlyList<string> lines = Play(
            "luns a=optimized", "create mp 0 32768 multipath 0 1 alua 1 1 round-robin 0 1 1 @a 1",
            "write mp 0 8 1", "alua a nonoptimized", "alua a", "write mp 0 8 1", "alua a");
        lines.ShouldContain("| @a target=nonoptimized host=active/optimized handler=alua");
        lines.ShouldContain("| @a target=nonoptimized host=active/non-optimized handler=alua");
    }

    private static IReadOnlyList<string> Play(params string[] steps) => PlayerTests.Play(steps);
}
