// SPDX-License-Identifier: Apache-2.0
using Braid.Bench.Macro;

namespace Braid.Tests.Bench;

public sealed class FileTests
{
    private static readonly IReadOnlyList<Contender> All = FileContenders.All("/x/braid", "");

    [Theory]
    [InlineData("file:///t/a%20b", "/t/a b", false)]
    [InlineData("file:///t/disk?direct=1", "/t/disk", true)]
    public void A_file_is_read_from_its_URI_and_written_again(
        string uri, string path, bool isDirect)
    {
        FileUri.Of(uri).ShouldBe(new FileUri(path, isDirect));
        new FileUri(path, isDirect).ToString().ShouldBe(uri);
    }

    [Fact]
    public void An_NBD_server_is_no_file() =>
        Should.Throw<BenchException>(() => FileUri.Of("nbd://a/p0"));

    [Fact]
    public void Every_cell_is_once_with_and_once_without_the_page_cache()
    {
        CellSets.File.Select(cell => cell.Name).ShouldBeUnique();
        CellSets.File.Where(cell => cell.IsDirect).Select(cell => cell.Name)
            .ShouldBe(CellSets.File.Where(cell => !cell.IsDirect).Select(
                cell => $"{cell.Name}-odirect"));
        CellSets.File[0].Name.ShouldBe("randread-4k-d1");
    }

    [Fact]
    public void Who_has_no_O_DIRECT_is_not_measured_with_it()
    {
        Contender nbdkit = All.Single(one => one.Name == "nbdkit-file");
        CellSets.File.Count(nbdkit.Takes).ShouldBe(CellSets.File.Count / 2);
        All.Where(one => one != nbdkit).ShouldAllBe(one => CellSets.File.All(one.Takes));
    }

    [Fact]
    public void Contenders_open_the_file_in_the_same_way()
    {
        var values = new TemplateValues(
            ["file:///t/disk?direct=1"], NbdAddress.Unix("/t/out"), "/t/stats");
        Command("qemu-nbd").Expand(values).ShouldBe(
        [
            "qemu-nbd", "--socket", "/t/out", "-t", "-e", "16", "-x", "bench", "-f", "raw",
            "--cache=none", "--aio=io_uring", "/t/disk",
        ]);
        Command("braid-io_uring").Expand(values).ShouldBe(
        [
            "/x/braid", "run", "--path", "file:///t/disk?direct=1",
            "--export", "nbd+unix:///bench?socket=/t/out", "--name", "bench",
            "--control", "none", "--quiet", "--stats-file", "/t/stats", "--io", "io_uring",
        ]);
        FioWords(new FioTarget("file:///t/disk?direct=1", "libaio"))
            .ShouldBeSubsetOf(["--ioengine=libaio", "--filename=/t/disk", "--direct=1",
                "--invalidate=0", "--iodepth=32", "--numjobs=1"]);
    }

    [Fact]
    public void An_engine_that_does_one_I_O_at_a_time_gets_a_thread_for_each() =>
        FioWords(new FioTarget("file:///t/disk", "psync"))
            .ShouldBeSubsetOf(["--ioengine=psync", "--filename=/t/disk", "--direct=0",
                "--invalidate=0", "--iodepth=1", "--numjobs=32"]);

    [Fact]
    public void Ratios_are_taken_to_the_reference_engine_alone()
    {
        CellResult[] results =
        [
            Results.Of(FileContenders.Direct, 1000, 3000),
            Results.Of(All.Single(one => one.Name == "fio-psync"), 4000, 4000),
            Results.Of(All.Single(one => one.Name == "braid-epoll"), 500, 600),
        ];
        IReadOnlyList<CellSummary> summaries = Summarizer.Summarize(results);
        summaries[1].ToDirect!.Value.Median.ShouldBe(8.0 / 3, 1e-9);
        summaries[2].ToDirect!.Value.Median.ShouldBe(0.35, 1e-9);
        summaries[2].ToBestPeer.ShouldBeNull();
    }

    private static CommandTemplate Command(string name) =>
        All.Single(one => one.Name == name).Command!;

    private static string[] FioWords(FioTarget target)
    {
        string[] about = ["--ioengine", "--filename", "--direct", "--invalidate", "--iodepth",
            "--numjobs", "--uri"];
        return
        [
            .. FioCommand.Measure(
                    CellSets.File[1], target, TimeSpan.FromSeconds(1), 1 << 30, "o.json")
                .Where(word => about.Contains(word.Split('=')[0])),
        ];
    }
}
