// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Braid.Bench.Macro;

namespace Braid.Tests.Bench;

/// <summary>What the benchmarks with one table are asked, and how they answer.</summary>
public sealed class BenchOptionsTests
{
    [Fact]
    public void What_was_typed_is_the_command_of_the_page()
    {
        BenchRun run = Read(Options(), "--rounds 3 --seconds 0.5 --braid-args=--quiet");
        (run.Rounds, run.Length, run.BraidArgs, run.Markdown)
            .ShouldBe((3, TimeSpan.FromSeconds(0.5), "--quiet", null));
        run.Command.ShouldBe("./bench some --rounds 3 --seconds 0.5 --braid-args '--quiet'");
    }

    [Fact]
    public void What_was_not_typed_is_in_the_command_of_the_page_too()
    {
        BenchRun run = Read(Options(), "--markdown page.md");
        run.Command.ShouldBe("./bench some --rounds 2 --seconds 4");
        run.Markdown.ShouldBe("page.md");
    }

    [Theory]
    [InlineData("--rounds 0", 0.1, "--rounds must be 1 or more, --seconds 0.1 or more")]
    [InlineData("--seconds 0.05", 0.1, "--rounds must be 1 or more, --seconds 0.1 or more")]
    [InlineData("--seconds 0.5", 1, "--rounds must be 1 or more, --seconds 1 or more")]
    public void What_measures_nothing_is_refused(string words, double least, string error) =>
        Should.Throw<BenchException>(() => Read(Options(least), words)).Message.ShouldBe(error);

    [Fact]
    public void Without_a_braid_to_run_there_are_no_arguments_for_it()
    {
        var command = new Command("some");
        new BenchOptions("Rounds.").AddTo(command);
        command.Options.Select(option => option.Name)
            .ShouldBe(["--rounds", "--seconds", "--markdown"]);
    }

    [Fact]
    public async Task The_page_has_the_machine_before_the_table()
    {
        string folder = Directory.CreateTempSubdirectory("braid-page").FullName;
        string file = Path.Combine(folder, "page.md");
        var page = new BenchPage(
            [new("machine", "a fast one"), new("command", "./bench some")], "| a |\n");
        try
        {
            await page.ShowAsync(file);
            (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken))
                .ShouldBe("- machine: a fast one\n- command: ./bench some\n\n| a |\n");
            await Should.ThrowAsync<BenchException>(() => page.ShowAsync(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static BenchOptions Options(double leastSeconds = 0.1) =>
        new("Rounds.", rounds: 2, seconds: 4)
        {
            MinSeconds = leastSeconds,
            BraidArgsAbout = "More arguments.",
        };

    private static BenchRun Read(BenchOptions options, string words)
    {
        var command = new Command("some");
        options.AddTo(command);
        return options.Read(command.Parse(words.Split(' ')));
    }
}
