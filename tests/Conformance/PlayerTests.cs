// SPDX-License-Identifier: Apache-2.0
using Braid.Scenario;

namespace Braid.Tests.Conformance;

/// <summary>
/// Steps that cannot be done: they say so and the scenario goes on. What a scenario may ask for has
/// a limit.
/// </summary>
public sealed class PlayerTests
{
    [Theory]
    [InlineData("nosuch a", "unknown step")]
    [InlineData("bg x", "unknown step")]
    [InlineData("bg x nosuch", "unknown step")]
    [InlineData("disk a", "1")]
    [InlineData("disk a nosuch", "0")]
    [InlineData("disk a null size=0", "1")]
    [InlineData("disk a null size=1025", "1")]
    [InlineData("disk a null size=x", "1")]
    [InlineData("disk a null nosuch=1", "1")]
    [InlineData("disk a null completion_nsec=3600000000001", "1")]
    [InlineData("scsi a delay=900001", "1")]
    [InlineData("scsi a ndelay=-1", "1")]
    [InlineData("luns a=nosuch", "1")]
    [InlineData("luns a=optimized type=2", "1")]
    [InlineData("resume --noflush", "1")]
    [InlineData("resume nosuch", "1")]
    [InlineData("suspend nosuch", "1")]
    [InlineData("create", "1")]
    [InlineData("create x", "1")]
    [InlineData("try", "1")]
    [InlineData("break nosuch", "0")]
    [InlineData("badblocks nosuch +1-2", "1")]
    [InlineData("unplug nosuch", "1")]
    [InlineData("scsiopt opts 1", "1")]
    [InlineData("alua nosuch", "1")]
    [InlineData("param m p 1", "1")]
    [InlineData("param dm_multipath queue_if_no_path_timeout_secs x", "1")]
    [InlineData("attr nosuch size", "1")]
    [InlineData("waitevent nosuch 1", "1")]
    [InlineData("release nosuch", "1")]
    [InlineData("write nosuch 0 8 1", "1")]
    [InlineData("io", "1")]
    [InlineData("io wn", "2")]
    [InlineData("io wx nosuch 0 8 1", "1")]
    [InlineData("count nosuch", "1")]
    [InlineData("sleep", "1")]
    [InlineData("sleep x", "1")]
    [InlineData("sleep -1", "1")]
    [InlineData("sleep 3600001", "1")]
    [InlineData("cpu 1 info x", "1")]
    [InlineData("cpu x info x", "1")]
    [InlineData("wait x", "pending")]
    [InlineData("wait x y", "1")]
    [InlineData("wait x 3600001", "1")]
    [InlineData("chain nosuch ; nosuch", "127")]
    [InlineData("chain ; ;", "0")]
    public void A_step_that_cannot_be_done_ends_with_its_status_and_the_next_one_is_done(
        string step, string status)
    {
        IReadOnlyList<string> lines = Play(step, "sleep 1");
        lines.ShouldContain($"= {status}");
        lines[^2].ShouldBe("> sleep 1");
        lines[^1].ShouldBe("= 0");
    }

    [Theory]
    [InlineData("write a 0 524289 1", "an I/O has 0 to 524288 sectors, not 524289")]
    [InlineData("write a 0 -1 1", "an I/O has 0 to 524288 sectors, not -1")]
    [InlineData("io wp a 0 129 4096", "4096 I/Os have 0 to 128 sectors each, not 129")]
    [InlineData("badblocks a +9-5", "'+9-5': the last comes before the first")]
    [InlineData("disk a null", "there is a disk 'a'")]
    [InlineData("disk b null blocksize=513",
        "a block has 512, 1024, 2048 or 4096 bytes, not 513")]
    [InlineData("create -x 0 8 error", "'-x' is no name for a device")]
    [InlineData("badblocks a 1-2", "'1-2': write +FIRST-LAST")]
    [InlineData("attr a nosuch", "@a has no file nosuch")]
    [InlineData("attr a size 1", "size cannot be written")]
    [InlineData("attr a queue/scheduler nosuch", "no scheduler 'nosuch'")]
    [InlineData("unplug a", "'a' cannot be taken away")]
    [InlineData("alua a", "'a' is no disk that could do that")]
    [InlineData("hst a a 1 2", "no device '@a'")]
    [InlineData("between a x 2", "'x' is no number")]
    public void What_is_wrong_is_said(string step, string error) =>
        Play("disk a null", step).ShouldContain($"| braid: {error}");

    /// <summary>Numbers are read as the tool reads them, by strtoull with base 0.</summary>
    [Theory]
    [InlineData("write a 0 0 1", "| ok")]
    [InlineData("read a 0 0 1", "| ok match")]
    [InlineData("write a -1 8 1", "| error EINVAL")]
    [InlineData("write a 0x8000 8 1", "| error ENOSPC")]
    [InlineData("write a 077777 1 1", "| ok")]
    [InlineData("write a 99999999999999999999 8 1", "| error EINVAL")]
    [InlineData("read a x 8 1", "| ok zero")]
    [InlineData("io w a 0 8 3", "| ok")]
    [InlineData("io wp a 0 8 0", "| io_setup EINVAL")]
    [InlineData("io wx a 0 8 1", "= 2")]
    public void Odd_numbers_are_what_C_makes_of_them(string step, string line) =>
        Play("disk a null", step).ShouldContain(line);

    [Fact]
    public void More_I_Os_than_the_tool_does_are_its_usage_error() =>
        Play("disk a null", "io wn a 0 8 4097")[^1].ShouldBe("= 2");

    [Fact]
    public void A_disk_that_is_too_much_for_the_machine_is_refused()
    {
        IReadOnlyList<string> lines = Play(
            [.. Enumerable.Range(0, 5).Select(i => $"disk d{i} null size=1024")]);
        lines.Count(line => line == "= 0").ShouldBe(4);
        lines[^2].ShouldBe("| braid: all disks together have at most 4294967296 bytes");
    }

    [Theory]
    [InlineData("chain")]
    [InlineData("cpu 0")]
    public void Steps_within_steps_have_a_limit(string step)
    {
        string nested = string.Concat(Enumerable.Repeat(step + " ", 100_000)) + "sleep 1";
        Play(nested)[^2].ShouldBe("| braid: too many steps within steps");
        Play("chain chain cpu 0 chain sleep 1")[^1].ShouldBe("= 0");
    }

    [Fact]
    public void A_long_name_in_the_output_takes_no_time_to_speak_of()
    {
        string name = "x" + new string('@', 200_000);
        IReadOnlyList<string> lines = Play($"disk {name} null", $"mark {name}", $"count {name}");
        lines[^1].ShouldBe("= 0");
    }

    [Fact]
    public void Hours_of_sleep_pass_in_virtual_time()
    {
        Play([.. Enumerable.Repeat("sleep 3600000", 2000)])[^1].ShouldBe("= 0");
    }

    [Fact]
    public void A_step_that_waits_is_pending_and_can_be_waited_for()
    {
        Play(
            "disk a null irqmode=2 completion_nsec=1000000000",
            "bg w write a 0 8 1",
            "wait w 100",
            "wait w",
            "wait w",
            "read a 0 8 1").ShouldBe(
            [
                "# scenario test",
                "> disk a null irqmode=2 completion_nsec=1000000000", "= 0",
                "> bg w write a 0 8 1", "= pending",
                "> wait w 100", "= pending",
                "> wait w", "| ok", "= 0",
                "> wait w", "| ok", "= 0",
                "> read a 0 8 1", "| ok match", "= 0",
            ]);
    }

    [Fact]
    public void A_step_of_more_than_eight_seconds_is_pending()
    {
        IReadOnlyList<string> lines = Play(
            "disk a null irqmode=2 completion_nsec=9000000000", "write a 0 8 1", "read a 0 8 1");
        lines.Count(line => line == "= pending").ShouldBe(2);
    }

    [Fact]
    public void Blank_lines_go_and_comments_stay()
    {
        ScenarioScript script = ScenarioScript.Parse("x", "\n  # about \r\n\n\tsleep  1 \n");
        script.Lines.ShouldBe(["# about", "sleep  1"]);
        ScenarioPlayer.Play(script).ShouldBe("# scenario x\n# about\n> sleep  1\n= 0\n");
    }

    [Theory]
    [InlineData("# smp 0")]
    [InlineData("# smp 65")]
    [InlineData("# smp -1")]
    [InlineData("# smp x")]
    public void A_machine_has_1_to_64_CPUs(string line) =>
        Should.Throw<ScenarioException>(() => ScenarioScript.Parse("x", line)).Message
            .ShouldBe($"x: '{line}': the number of CPUs must be 1 to 64");

    [Fact]
    public void A_scenario_has_a_bound()
    {
        ScenarioScript.Parse("x", new string('\n', 99_999)).Lines.ShouldBeEmpty();
        Should.Throw<ScenarioException>(
            () => ScenarioScript.Parse("x", new string('\n', 100_000))).Message
            .ShouldBe("x: longer than 100000 lines");
    }

    [Fact]
    public void Modules_and_CPUs_are_what_the_comments_say()
    {
        ScenarioScript script = ScenarioScript.Parse(
            "x", "# smp 4\n# needs dm-io-affinity dm-historical-service-time\n# needs other");
        script.Cpus.ShouldBe(4);
        script.Modules.ShouldBe(["dm-io-affinity", "dm-historical-service-time", "other"]);
        ScenarioScript.Parse("x", "#smp 4").Cpus.ShouldBe(1);
    }

    [Fact]
    public void Selectors_that_are_modules_are_there_only_when_they_are_asked_for()
    {
        const string Step = "try 0 8 multipath 0 0 1 1 historical-service-time 0 1 0 @a";
        Play("disk a null", Step)[^1].ShouldBe("= 1");
        Play("# needs dm-historical-service-time", "disk a null", Step)[^1].ShouldBe("= 0");
    }

    internal static IReadOnlyList<string> Play(params string[] lines) =>
        ScenarioPlayer.Play(ScenarioScript.Parse("test", string.Join('\n', lines)))
            .TrimEnd('\n').Split('\n');
}
