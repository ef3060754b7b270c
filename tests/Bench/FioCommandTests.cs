// SPDX-License-Identifier: Apache-2.0
using Braid.Bench.Macro;

namespace Braid.Tests.Bench;

public sealed class FioCommandTests
{
    private static IReadOnlyList<string> Command(Cell cell) =>
        FioCommand.Measure(cell, "nbd://x/", TimeSpan.FromSeconds(0.3), 1 << 30, "out.json");

    [Fact]
    public void A_mixed_cell_names_its_share_of_reads()
    {
        IReadOnlyList<string> command = Command(new Cell(Workload.RandomMixed, 8));
        command.ShouldContain("--rw=randrw");
        command.ShouldContain("--rwmixread=70");
        command.ShouldContain("--iodepth=8");
        command.ShouldContain("--runtime=300ms");
    }

    [Fact]
    public void What_is_not_counted_comes_before_the_run() =>
        FioCommand.Measure(
            new Cell(Workload.RandomRead, 1), "nbd://x/", TimeSpan.FromSeconds(0.2),
            TimeSpan.FromSeconds(1), 1 << 30, "out.json")
            .Where(word => word.Contains("time=", StringComparison.Ordinal))
            .ShouldBe(["--runtime=1000ms", "--ramp_time=200ms"]);

    [Fact]
    public void Random_clients_share_the_whole_device()
    {
        IReadOnlyList<string> command =
            Command(new Cell(Workload.RandomRead, 1) { Connections = 4 });
        command.ShouldContain("--numjobs=4");
        command.ShouldContain("--size=1073741824");
        command.ShouldNotContain(word => word.StartsWith("--offset_increment"));
    }

    [Fact]
    public void Sequential_clients_have_a_part_each()
    {
        IReadOnlyList<string> command =
            Command(new Cell(Workload.SequentialWrite, 1) { Connections = 4 });
        command.ShouldContain("--size=268435456");
        command.ShouldContain("--offset_increment=268435456");
    }
}
