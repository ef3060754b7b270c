// SPDX-License-Identifier: Apache-2.0
using Braid.Bench.Macro;

namespace Braid.Tests.Bench;

public sealed class CommandTests
{
    private static readonly TemplateValues Values =
        new(["nbd://a/p0", "nbd://b/p1"], NbdAddress.Unix("/t/out"), "/t/stats");

    [Theory]
    [InlineData("", new string[0])]
    [InlineData("  a  b ", new[] { "a", "b" })]
    [InlineData("--selector 'round-robin 0'", new[] { "--selector", "round-robin 0" })]
    [InlineData("a\"b c\"d ''", new[] { "ab cd", "" })]
    [InlineData(@"a\ b '\'", new[] { "a b", @"\" })]
    public void Words_are_split_as_a_shell_does(string text, string[] words) =>
        CommandWords.Split(text).ShouldBe(words);

    [Fact]
    public void An_open_quote_is_refused() =>
        Should.Throw<BenchException>(() => CommandWords.Split("a 'b"));

    [Fact]
    public void Joined_words_are_split_into_the_same()
    {
        string[] words = ["./bench", "a b", "", "it's", "\"it's\"", "x={out}"];
        CommandWords.Split(CommandWords.Join(words)).ShouldBe(words);
    }

    [Fact]
    public void Braid_gets_its_paths_its_export_and_its_arguments()
    {
        Contender braid = Contender.Braid("b", "/x/braid", "--io-timeout 5", "--selector 'a 0'");
        braid.Command!.Expand(Values).ShouldBe(
        [
            "/x/braid", "run", "--path", "nbd://a/p0", "--path", "nbd://b/p1",
            "--export", "nbd+unix:///bench?socket=/t/out", "--name", "bench",
            "--control", "none", "--io-timeout", "5", "--selector", "a 0",
        ]);
        braid.Command.DependsOnPaths.ShouldBeTrue();
    }

    [Fact]
    public void Peers_get_the_first_path_and_listen_in_their_own_way()
    {
        Contender.QemuNbd.Command!.Expand(Values).ShouldBe(
        [
            "qemu-nbd", "--socket", "/t/out", "-t", "-e", "16", "-x", "bench",
            "-f", "raw", "nbd://a/p0",
        ]);
        Contender.NbdkitNbd.Command!.Expand(Values with { Out = NbdAddress.Tcp(99) }).ShouldBe(
            ["nbdkit", "-f", "-i", "127.0.0.1", "-p", "99", "nbd", "uri=nbd://a/p0"]);
        Contender.QemuNbd.Command.DependsOnPaths.ShouldBeFalse();
    }

    [Fact]
    public void A_command_of_ones_own_may_name_single_servers_and_a_stats_file()
    {
        CommandTemplate command = Contender.Custom("c", "x a={server1} {stats}").Command!;
        command.Expand(Values).ShouldBe(["x", "a=nbd://b/p1", "/t/stats"]);
        command.HasStats.ShouldBeTrue();
        command.DependsOnPaths.ShouldBeTrue();
    }

    [Theory]
    [InlineData("x {sever}")]
    [InlineData("x {server1} {}{what}")]
    [InlineData("")]
    public void A_template_that_means_nothing_is_refused(string text) =>
        Should.Throw<BenchException>(() => Contender.Custom("c", text));

    [Theory]
    [InlineData("x {server2}")]
    [InlineData("x a={paths}")]
    public void A_template_that_does_not_fit_is_refused(string text) =>
        Should.Throw<BenchException>(() => Contender.Custom("c", text).Command!.Expand(Values));

    [Fact]
    public void A_socket_path_that_the_kernel_would_cut_is_refused() =>
        Should.Throw<BenchException>(() => NbdAddress.Unix(new string('x', 108)));
}
