// SPDX-License-Identifier: Apache-2.0
using Braid.Exports.Nbd;

namespace Braid.Tests.Simulation;

/// <summary>How much floods are left, on paths whose rate is a function of it.</summary>
public sealed class FloodDepthTests
{
    private readonly FloodDepth _depth = new();
    private long _nowNs;

    [Fact]
    public void Where_more_brings_nothing_it_stays_at_the_least()
    {
        Run(seconds: 10, depth => 50_000);
        _depth.Now.ShouldBeLessThanOrEqualTo(2 * FloodDepth.Least);
        Share(depth => 50_000, depth => depth == FloodDepth.Least).ShouldBeGreaterThan(0.95);
    }

    [Theory]
    [InlineData(12)]
    [InlineData(100)]
    [InlineData(1000)]
    public void Where_more_brings_more_it_goes_on_until_it_does_not(int atOnce)
    {
        double Rate(int depth) => Math.Min(depth, atOnce) * 125;
        Run(seconds: 20, Rate);
        Share(Rate, depth => Rate(depth) >= Rate(atOnce) * 2 / 3).ShouldBeGreaterThan(0.95);
    }

    [Fact]
    public void It_goes_back_when_the_paths_change()
    {
        Run(seconds: 20, depth => depth * 125);
        _depth.Now.ShouldBeGreaterThan(100);
        Run(seconds: 60, depth => 20_000);
        Share(depth => 20_000, depth => depth == FloodDepth.Least).ShouldBeGreaterThan(0.9);
    }

    [Fact]
    public void Who_is_not_held_back_teaches_it_nothing()
    {
        Run(seconds: 10, depth => depth * 1000, isFelt: false);
        _depth.Now.ShouldBe(FloodDepth.Least);
    }

    /// <summary>The part of ten seconds in which the depth is such.</summary>
    private double Share(Func<int, double> rate, Func<int, bool> isSuch)
    {
        long such = 0;
        long from = _nowNs;
        Run(
            seconds: 10,
            depth =>
            {
                double now = rate(depth);
                if (isSuch(depth)) such += (long)(1e9 / now);
                return now;
            });
        return (double)such / (_nowNs - from);
    }

    private void Run(int seconds, Func<int, double> rate, bool isFelt = true)
    {
        long until = _nowNs + (seconds * 1_000_000_000L);
        while (_nowNs < until)
        {
            _nowNs += (long)(1e9 / rate(_depth.Now));
            if (isFelt) _depth.Felt();
            _depth.CountEnd(_nowNs);
        }
    }
}
