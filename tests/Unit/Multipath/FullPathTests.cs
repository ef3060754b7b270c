// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Multipath;

/// <summary>A slow path has all the requests it can take: it must not hold up a fast one.</summary>
public sealed class FullPathTests
{
    private const int Few = 4;
    private const int Many = 16;

    private readonly Bench _bench = new();
    private readonly TestDevice _slow;
    private readonly TestDevice _fast;

    public FullPathTests()
    {
        _slow = _bench.Add("slow", new QueueOptions { Depth = Few });
        _fast = _bench.Add("fast", new QueueOptions { Depth = Many });
        _slow.DelayNs = _fast.DelayNs = null;
    }

    private (int Slow, int Fast) InFlight => (_slow.InFlight.Count, _fast.InFlight.Count);

    [Fact]
    public void A_full_path_is_passed_over_at_once()
    {
        Give(new QueueOptions());
        InFlight.ShouldBe((Few, Many));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Where_the_kernel_is_followed_all_wait_for_the_path_that_was_chosen(bool isSaid)
    {
        // Full, or said to be busy: the kernel asks neither before it has chosen.
        if (isSaid) _slow.Busy = true;
        Give(new QueueOptions { PassesBusy = false });
        InFlight.ShouldBe((Few, Few));
    }

    [Fact]
    public void When_all_paths_are_full_the_rest_waits_for_one_that_ends()
    {
        Give(new QueueOptions());
        _fast.CompleteFirst();
        _bench.Loop.Settle();
        InFlight.ShouldBe((Few, Many));
        _fast.Sent.Count.ShouldBe(Many + 1);
        _slow.CompleteFirst();
        _bench.Loop.Settle();
        InFlight.ShouldBe((Few, Many));
        _slow.Sent.Count.ShouldBe(Few + 1);
    }

    /// <summary>More than both can take, in turns.</summary>
    private void Give(QueueOptions options)
    {
        MappedDevice map = _bench.Map(
            "0 32768 multipath 0 0 1 1 round-robin 0 2 0 slow fast", options);
        for (int i = 0; i < 4 * Many; i++) map.Give(_bench.Owner.Write(i * 8192L, 4096));
        _bench.Loop.Settle();
    }
}
