// SPDX-License-Identifier: Apache-2.0
using Braid.Bench.Macro;

namespace Braid.Tests.Bench;

public sealed class RateTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Bandwidth_is_that_of_the_middle_of_the_run()
    {
        const string Log = "500, 900, 0, 131072, 0, 0\n1000, 800, 0, 131072, 0, 0\n"
            + "1500, 100, 0, 131072, 0, 0\n2000, 300, 0, 131072, 0, 0\n2500, 5, 0, 131072, 0, 0\n";
        BandwidthLog.MegabytesPerSecond(Log, Second, 2 * Second).ShouldBe(200 * 1024 / 1e6, 1e-9);
    }

    [Theory]
    [InlineData("")]
    [InlineData("500, 900, 0\n")]
    [InlineData("1500, many, 0\n")]
    public void A_log_without_the_middle_is_no_measurement(string log) =>
        Should.Throw<BenchException>(
            () => BandwidthLog.MegabytesPerSecond(log, Second, 2 * Second));

    [Fact]
    public void A_share_is_taken_to_the_fast_paths_of_the_same_round()
    {
        RateCase four = RateCase.All.First(its => its.Rates.Count == 4);
        RateResult[] results = [new(RateCase.Direct, [100, 50]), new(four, [190, 99])];
        RateReport.Share(results, results[1]).ShouldBe(new Spread(0.97, 0.95, 0.99));
    }
}
