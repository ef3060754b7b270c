// SPDX-License-Identifier: Apache-2.0
using Braid.Bench.Macro;

namespace Braid.Tests.Bench;

/// <summary>What `./bench hedge` asks for, and what it makes of its samples.</summary>
public sealed class HedgeTests
{
    [Fact]
    public void Each_selector_is_measured_without_hedges_and_with_each_share()
    {
        IReadOnlyList<HedgeSetting> settings = HedgeSetting.All("p95", [1, 2.5]);
        settings.Select(one => one.Name).ShouldBe(
            ["off", "p95, 1 %", "p95, 2.5 %", "off", "p95, 1 %", "p95, 2.5 %"]);
        settings[0].Arguments.ShouldBe(["--selector", "round-robin 0"]);
        settings[5].Arguments.ShouldBe(
            ["--selector", "service-time 0", "--hedge-reads", "p95", "--hedge-share", "2.5"]);
    }

    [Fact]
    public void A_row_has_the_medians_and_the_share_that_was_sent_twice()
    {
        IReadOnlyList<HedgeSetting> settings = HedgeSetting.All("p95", [5]);
        var plan = new HedgePlan
        {
            Settings = settings,
            Rounds = 3,
            Length = TimeSpan.FromSeconds(4),
            Pause = TimeSpan.FromMilliseconds(40),
            Every = TimeSpan.FromMilliseconds(400),
            Rate = 4000,
            Depth = 16,
        };
        string[] rows = HedgeReport.Write(plan,
        [
            new(settings[0], [Sample(0, 0, 500), Sample(0, 0, 300), Sample(0, 0, 400)]),
            new(settings[1], [Sample(20, 10, 40), Sample(30, 15, 50), Sample(10, 5, 60)]),
        ]).Split('\n');
        rows[2].ShouldContain("| off ");
        rows[2].ShouldContain("| 400 (300–500) ");
        rows[2].TrimEnd(' ', '|').ShouldEndWith("–");
        rows[3].ShouldContain("| 2.00 (1.00–3.00) ");
        rows[3].ShouldContain("| 50.0 ");
    }

    [Fact]
    public void A_cell_with_a_rate_is_fio_at_that_rate()
    {
        var cell = new Cell(Workload.RandomRead, 16) { Rate = 4000 };
        cell.Name.ShouldBe("randread-4k-d16-r4000");
        FioCommand.Measure(cell, "nbd://x/", TimeSpan.FromSeconds(1), 1 << 30, "o.json")
            .ShouldContain("--rate_iops=4000");
    }

    private static HedgeSample Sample(long sent, long won, double p99) => new(
        new FioReport
        {
            Error = 0,
            Ios = 1000,
            Bytes = 4_096_000,
            Iops = 1000,
            RuntimeMs = 1000,
            ShortIos = 0,
            P50Us = 100,
            P99Us = p99,
            P999Us = 1000,
        },
        sent, won, 0);
}
