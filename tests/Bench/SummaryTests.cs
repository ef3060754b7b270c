// SPDX-License-Identifier: Apache-2.0
using Braid.Bench.Macro;

namespace Braid.Tests.Bench;

public sealed class SummaryTests
{
    private static CellSummary Summary(Contender contender, params CellResult[] results) =>
        Summarizer.Summarize(results).Single(one => one.Contender == contender);

    [Fact]
    public void A_median_is_the_middle_or_the_mean_of_both_middles()
    {
        Spread.Of([5, 1, 3]).ShouldBe(new Spread(3, 1, 5));
        Spread.Of([4, 1, 3, 100]).ShouldBe(new Spread(3.5, 1, 100));
        Should.Throw<ArgumentException>(() => Spread.Of([]));
    }

    [Fact]
    public void A_geometric_mean_lets_twice_and_half_cancel_out() =>
        Spread.GeometricMean([2, 0.5, 1]).ShouldBe(1, tolerance: 1e-12);

    [Fact]
    public void Ratios_are_taken_within_a_round()
    {
        // The machine slowed down for all in round 2: the ratio of medians would be .5 / 1.
        CellSummary braid = Summary(Results.Braid,
            Results.Of(Contender.Direct, 100, 50, 200), Results.Of(Results.Braid, 90, 40, 100));
        braid.ToDirect.ShouldBe(new Spread(0.8, 0.5, 0.9));
    }

    [Fact]
    public void The_better_peer_is_chosen_in_each_round()
    {
        CellSummary braid = Summary(Results.Braid,
            Results.Of(Contender.Direct, 100, 100), Results.Of(Contender.QemuNbd, 20, 40),
            Results.Of(Contender.NbdkitNbd, 40, 10), Results.Of(Results.Braid, 80, 60));
        braid.ToBestPeer.ShouldBe(new Spread(1.75, 1.5, 2));
    }

    [Fact]
    public void Variants_are_compared_with_the_first_subject()
    {
        CellResult[] results =
        [
            Results.Of(Contender.Direct, 100), Results.Of(Results.Braid, 80),
            Results.Of(Results.Variant, 60),
        ];
        Summary(Results.Variant, results).ToReference.ShouldBe(new Spread(0.75, 0.75, 0.75));
        Summary(Results.Braid, results).ToReference.ShouldBeNull();
        Summary(Results.Braid, results).ToBestPeer.ShouldBeNull();
    }

    [Fact]
    public void A_failure_leaves_no_ratio_on_either_side_of_it()
    {
        CellResult[] results =
        [
            Results.Of(Contender.Direct, 100), Results.Failed(Contender.QemuNbd, "it died"),
            Results.Of(Contender.NbdkitNbd, 40), Results.Of(Results.Braid, 80),
        ];
        CellSummary qemu = Summary(Contender.QemuNbd, results);
        qemu.Failure.ShouldBe("it died");
        qemu.ToDirect.ShouldBeNull();
        CellSummary braid = Summary(Results.Braid, results);
        braid.ToBestPeer.ShouldBeNull();
        braid.ToDirect.ShouldNotBeNull();

        results[0].Failure = "it died too";
        Summary(Results.Braid, results).ToDirect.ShouldBeNull();
    }

    [Fact]
    public void CPU_time_and_counters_are_sums_over_all_rounds()
    {
        CellResult result = Results.Of(Results.Braid, 100_000, 300_000);
        for (int i = 0; i < 2; i++)
        {
            result.Samples[i] = result.Samples[i] with
            {
                Counters = new StatsCounters { SystemCalls = 100_000, AllocatedBytes = 0 },
            };
        }
        CellSummary braid = Summary(Results.Braid, Results.Of(Contender.Direct, 1, 1), result);
        braid.CpuPerMillion!.Value.ShouldBe(2.5, tolerance: 1e-9);
        braid.ServerCpuPerMillion!.Value.ShouldBe(1.25, tolerance: 1e-9);
        braid.SystemCallsPerIo.ShouldBe(0.5);
        braid.AllocatedBytesPerIo.ShouldBe(0);
        braid.P99Us.ShouldBe(300);
    }

    [Fact]
    public void Counters_of_its_own_go_before_those_from_outside()
    {
        CellResult result = Results.Of(Results.Braid, 100);
        result.CountedSystemCallsPerIo = 7;
        CellResult direct = Results.Of(Contender.Direct, 100);
        Summary(Results.Braid, direct, result).SystemCallsPerIo.ShouldBe(7);
        result.Samples[0] = result.Samples[0] with
        {
            Counters = new StatsCounters { SystemCalls = 50 },
        };
        CellSummary braid = Summary(Results.Braid, direct, result);
        braid.SystemCallsPerIo.ShouldBe(0.5);
        braid.AllocatedBytesPerIo.ShouldBeNull();
    }

    [Fact]
    public void Perfs_count_is_read_and_its_refusal_is_said()
    {
        SystemCallCounter.Parse("# started\n\n1234,,raw_syscalls:sys_enter,55,100.00,,\n")
            .ShouldBe(1234);
        Should.Throw<BenchException>(
            () => SystemCallCounter.Parse("<not counted>,,raw_syscalls:sys_enter,0,100.00,,"))
            .Message.ShouldContain("not counted");
    }
}
