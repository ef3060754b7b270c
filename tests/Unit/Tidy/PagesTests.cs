// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Unit.Tidy;

public sealed class PagesTests
{
    [Theory]
    [InlineData("See [the map](MAP.md).")]
    [InlineData("See [the map](../docs/MAP.md#north \"Title\").")]
    [InlineData("[map]: MAP.md")]
    [InlineData("![A picture](map.png)")]
    public void A_link_to_no_file_is_found(string line)
    {
        var page = new SourceFile("docs/A.md", "\n" + line);
        Links.Check(page, static _ => false).ShouldHaveSingleItem().Line.ShouldBe(2);
    }

    [Theory]
    [InlineData("[a site](https://example.org/x.md) and [a part](#below)")]
    [InlineData("an array: `a[1](x)`")]
    [InlineData("```\n[no](link.md)\n```")]
    public void What_is_no_link_to_a_file_is_not(string text) =>
        Links.Check(new SourceFile("docs/A.md", text), static _ => false).ShouldBeEmpty();

    [Fact]
    public void A_link_is_resolved_from_its_page()
    {
        var page = new SourceFile("docs/man/A.md", "[up](../B.md) [src](../../src)");
        Links.Check(page, static path => path is "docs/B.md" or "src").ShouldBeEmpty();
    }

    [Fact]
    public void A_line_broken_within_single_quotes_is_found()
    {
        var page = new SourceFile("A.md", "    run 'a b' \\\n    run 'a \\\n b'");
        Links.CheckQuotes(page).ShouldHaveSingleItem().Line.ShouldBe(2);
    }

    [Theory]
    [InlineData("In `src/Gone.cs` it is.", "no file src/Gone.cs")]
    [InlineData("In `tests/gone/` it is.", "no file tests/gone/")]
    [InlineData("Shown by `A_test_that_is_gone`.", "no test A_test_that_is_gone")]
    public void What_a_page_names_and_is_not_there_is_found(string line, string rule)
    {
        var page = new SourceFile("docs/A.md", line);
        Mentions.Check(page, static _ => false, static _ => false)
            .ShouldHaveSingleItem().Rule.ShouldBe(rule);
    }

    [Theory]
    [InlineData("`src/There.cs` and `A_test_that_is_there`, src/Gone.cs without marks")]
    [InlineData("`src/Cli/*.cs`, `queue_if_no_path`, `PathState`, `docs/NAME.md or so`")]
    public void What_a_page_names_and_is_there_is_not(string line)
    {
        var page = new SourceFile("docs/A.md", line);
        Mentions.Check(
            page, static path => path == "src/There.cs",
            static name => name == "A_test_that_is_there").ShouldBeEmpty();
    }

    [Theory]
    [InlineData("cd {0}/src")]
    [InlineData("\"{0}\"")]
    [InlineData("in /{1}/someone/braid")]
    [InlineData("cp a /{2}/main/b")]
    [InlineData("from https://api.nu{3}")]
    [InlineData("a <add value=\"http://my-reg{4}:8080/v3\">")]
    public void A_place_of_one_machine_is_found(string line)
    {
        string text = string.Format(
            null, line, "/some/where/braid", "home", "work", "get.org", "istry.local");
        Places.Check(new SourceFile("a.txt", text), "/some/where/braid").ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("nbd+unix:///export?socket=/run/x.sock")]
    [InlineData("https://example.org/work/in/progress and src/build/x and ../root/y")]
    [InlineData("/tmp/disk.img on /dev/sda, see /etc/multipath.conf")]
    [InlineData("nbd://127.0.0.1:10809/vol")]
    public void A_place_that_any_machine_has_is_not(string line) =>
        Places.Check(new SourceFile("a.txt", line), "/some/where/braid").ShouldBeEmpty();
}
