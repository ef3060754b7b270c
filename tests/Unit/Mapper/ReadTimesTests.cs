// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Braid.Mapper;

namespace Braid.Tests.Unit.Mapper;

/// <summary>The percentile of a path's reads.</summary>
public sealed class ReadTimesTests
{
    [Theory]
    [InlineData(50)]
    [InlineData(90)]
    [InlineData(99)]
    [InlineData(99.9)]
    public void The_percentile_is_that_of_the_reads_or_up_to_an_eighth_more(double percentile)
    {
        var random = new LoopRandom(7);
        var times = new ReadTimes(percentile);
        // No more than a window: nothing is halved.
        long[] reads = [.. Enumerable.Range(0, 4032).Select(_ => Draw(random))];
        foreach (long read in reads) times.Add(read);
        Array.Sort(reads);
        long exact = reads[(int)Math.Ceiling(percentile / 100 * reads.Length) - 1];
        ((double)times.DelayNs / exact).ShouldBeInRange(1, 1.126);
    }

    [Fact]
    public void Too_few_reads_tell_nothing()
    {
        var times = new ReadTimes(99);
        for (int i = 0; i < 399; i++) times.Add(1_000_000);
        times.DelayNs.ShouldBe(ReadTimes.Unknown);
        for (int i = 0; i < 64; i++) times.Add(1_000_000);
        times.DelayNs.ShouldBeInRange(1_000_000, 1_125_000);
    }

    [Fact]
    public void A_path_that_has_become_slower_or_faster_is_known_as_that_soon()
    {
        var times = new ReadTimes(99);
        for (int i = 0; i < 100_000; i++) times.Add(200_000);
        for (int i = 0; i < 192; i++) times.Add(3_000_000);
        times.DelayNs.ShouldBeGreaterThan(3_000_000);
        for (int i = 0; i < 40_000; i++) times.Add(200_000);
        times.DelayNs.ShouldBeLessThan(230_000);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(long.MaxValue / 4)]
    public void The_shortest_and_the_longest_have_bounds(long ns)
    {
        var times = new ReadTimes(99);
        for (int i = 0; i < 1000; i++) times.Add(ns);
        times.DelayNs.ShouldBeInRange(ReadTimes.MinDelayNs, 40_000_000_000);
    }

    /// <summary>From 20 us to 20 ms, small ones more often.</summary>
    private static long Draw(LoopRandom random)
    {
        long ns = 60_000;
        for (int i = 0; i < 8; i++) ns += random.Next(ns);
        return ns;
    }
}
