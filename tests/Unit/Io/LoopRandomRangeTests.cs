// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Io;

/// <summary>Ranges of the loop's random numbers.</summary>
public sealed class LoopRandomRangeTests
{
    private readonly LoopRandom _random = new(0);

    [Fact]
    public void Numbers_below_a_bound_reach_all_of_it_and_no_more()
    {
        int[] counts = new int[7];
        for (int i = 0; i < 7000; i++) counts[_random.Next(7)]++;
        counts.ShouldAllBe(count => count > 800 && count < 1200);
        Should.Throw<InvariantException>(() => _random.Next(0));
    }

    [Fact]
    public void A_chance_is_that_many_in_a_thousand()
    {
        Enumerable.Range(0, 10_000).Count(_ => _random.Chance(250)).ShouldBeInRange(2300, 2700);
        Enumerable.Range(0, 1000).ShouldAllBe(_ => _random.Chance(1000) && !_random.Chance(0));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(1_000_000)]
    public void Jitter_stays_within_a_fifth(long value)
    {
        for (int i = 0; i < 1000; i++)
            _random.Jitter(value).ShouldBeInRange(value - (value / 5), value + (value / 5));
    }
}
