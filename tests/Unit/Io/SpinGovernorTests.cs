// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Tests.Unit.Io;

public sealed class SpinGovernorTests
{
    private readonly SpinGovernor _spin = new();

    [Fact]
    public void An_idle_loop_sleeps()
    {
        _spin.EndTurn(sawEvents: true);
        _spin.ShouldSpin.ShouldBeFalse();
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(4, true)]
    [InlineData(5, false)]
    [InlineData(32, false)]
    public void A_loop_polls_only_with_four_I_Os_or_fewer(int depth, bool polls)
    {
        for (int i = 0; i < depth; i++) _spin.Started();
        _spin.EndTurn(sawEvents: true);
        _spin.ShouldSpin.ShouldBe(polls);
    }

    [Fact]
    public void A_turn_without_events_ends_the_polling()
    {
        _spin.Started();
        _spin.EndTurn(sawEvents: true);
        _spin.EndTurn(sawEvents: false);
        _spin.ShouldSpin.ShouldBeFalse();
        _spin.EndTurn(sawEvents: true);
        _spin.ShouldSpin.ShouldBeTrue();
    }

    [Theory]
    [InlineData(1_000, SpinGovernor.LeastSpinNs)]
    [InlineData(40_000, 80_000)]
    [InlineData(90_000, SpinGovernor.MostSpinNs)]
    [InlineData(1_000_000, SpinGovernor.LeastSpinNs)]
    public void It_polls_for_twice_as_long_as_it_waits_unless_that_is_too_long(
        long waitNs, long spinNs)
    {
        for (int i = 0; i < 100; i++) _spin.Waited(waitNs);
        _spin.SpinNs.ShouldBeInRange(spinNs - 100, spinNs);
    }

    [Fact]
    public void Waits_that_end_asleep_do_not_end_the_polling_for_good()
    {
        // A peer that answers within 50 us, and a wake-up of as much: found by polling again.
        for (int i = 0; i < 100; i++) _spin.Waited(95_000);
        _spin.SpinNs.ShouldBeGreaterThan(50_000);
    }

    [Fact]
    public void A_client_that_makes_pauses_is_not_polled_for()
    {
        for (int i = 0; i < 100; i++)
        {
            _spin.Waited(40_000);
            _spin.Waited(140_000);
        }
        _spin.SpinNs.ShouldBe(SpinGovernor.LeastSpinNs);
        for (int i = 0; i < 20; i++) _spin.Waited(40_000);
        _spin.SpinNs.ShouldBeInRange(79_000, 80_000);
    }

    [Fact]
    public void A_deep_moment_is_remembered_for_a_while()
    {
        for (int i = 0; i < 32; i++) _spin.Started();
        for (int i = 0; i < 32; i++) _spin.Ended();
        _spin.InFlight.ShouldBe(0);
        int turns = 0;
        do _spin.EndTurn(sawEvents: true);
        while (!_spin.ShouldSpin && ++turns < 1000);
        // 32 x 0.98^n falls to 4.5 at n = 97.
        turns.ShouldBeInRange(92, 102);
    }
}
