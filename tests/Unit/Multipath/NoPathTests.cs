// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Multipath;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Multipath;

/// <summary>queue_if_no_path: over a suspend, and until its time is up.</summary>
public sealed class NoPathTests
{
    private const long Ms = Loops.Ms;
    private const string Queues = "1 queue_if_no_path";
    private const string BioQueues = "3 queue_if_no_path queue_mode bio";
    private const string Timeout = "queue_if_no_path timeout, failing queued IO";

    private readonly Bench _bench = new();

    public NoPathTests()
    {
        _bench.Add("a");
        _bench.Add("b");
    }

    private TestOwner Owner => _bench.Owner;

    [Theory]
    [InlineData(Queues, false, false)]
    [InlineData(Queues, true, true)]
    [InlineData(BioQueues, false, false)]
    [InlineData(BioQueues, true, false)]
    public void A_suspend_hides_it_and_a_resume_brings_it_back(
        string features, bool noFlush, bool isShown)
    {
        MappedDevice map = Map(features);
        map.Suspend(noFlush).ShouldBeDone();
        Shows(map).ShouldBe(isShown);
        map.Resume().ShouldBeDone();
        Shows(map).ShouldBeTrue();
    }

    [Theory]
    [InlineData(Queues)]
    [InlineData(BioQueues)]
    public void A_suspend_with_flush_fails_what_waits_and_keeps_what_comes(string features)
    {
        MappedDevice map = WithoutPath(features);
        Bio before = _bench.Write(map);
        map.Suspend().ShouldBeDone();
        Owner.StatusOf(before).ShouldBe(BlockStatus.IoError);
        Bio after = _bench.Write(map, 65536);
        map.Resume().ShouldBeDone();
        _bench.Loop.RunFor(10_000 * Ms);
        Owner.HasEnded(after).ShouldBeFalse();
        map.Message("reinstate_path b");
        _bench.Loop.Settle();
        Owner.StatusOf(after).ShouldBe(BlockStatus.Ok);
    }

    [Theory]
    [InlineData(Queues)]
    [InlineData(BioQueues)]
    public void A_suspend_without_flush_keeps_what_waits_for_the_next_table(string features)
    {
        MappedDevice map = WithoutPath(features);
        Bio[] bios = [.. Enumerable.Range(0, 5).Select(i => _bench.Write(map, i * 65536))];
        map.Suspend(noFlush: true).ShouldBeDone();
        _bench.Loop.RunFor(10_000 * Ms);
        Owner.Ended.ShouldBeEmpty();
        string plain = features == Queues ? "0" : "2 queue_mode bio";
        _bench.Load(map, $"0 2048 multipath {plain} 0 1 1 round-robin 0 1 1 b 1");
        map.Resume().ShouldBeDone();
        Owner.ShouldAllHaveEnded();
        Owner.Made.ShouldBe(bios.Length);
        map.InFlight.ShouldBe(0);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("2 queue_mode bio")]
    public void What_waits_fails_when_the_next_table_has_no_path_and_does_not_queue(
        string features)
    {
        MappedDevice map = WithoutPath(
            features == "0" ? Queues : BioQueues);
        Bio bio = _bench.Write(map);
        _bench.Swap(map, $"0 2048 multipath {features} 0 0 0");
        Owner.StatusOf(bio).ShouldBe(BlockStatus.IoError);
        map.InFlight.ShouldBe(0);
    }

    [Fact]
    public void What_was_turned_off_while_suspended_stays_off()
    {
        MappedDevice map = Map(Queues);
        map.Suspend().ShouldBeDone();
        map.Multipath().SetQueueIfNoPath(false);
        map.Resume().ShouldBeDone();
        Shows(map).ShouldBeFalse();
    }

    [Fact]
    public void What_was_off_before_a_suspend_is_off_after_it()
    {
        MappedDevice map = Map("0");
        map.Suspend().ShouldBeDone();
        map.Resume().ShouldBeDone();
        Shows(map).ShouldBeFalse();
    }

    [Fact]
    public void A_second_presuspend_does_not_forget_what_the_first_has_saved()
    {
        MappedDevice map = Map(Queues);
        MultipathTarget target = map.Multipath();
        target.Presuspend(noFlush: false);
        target.Presuspend(noFlush: false);
        _bench.Log.ShouldBe(["queue_if_no_path is off but saved as on: not saved again"]);
        target.Resume();
        Shows(map).ShouldBeTrue();
    }

    [Theory]
    [InlineData(Queues)]
    [InlineData(BioQueues)]
    public void When_its_time_is_up_everything_fails_and_it_is_off(string features)
    {
        _bench.QueueTimeoutNs = 5000 * Ms;
        MappedDevice map = WithoutPath(features);
        Bio bio = _bench.Write(map);
        _bench.Loop.RunFor(4999 * Ms);
        Owner.HasEnded(bio).ShouldBeFalse();
        Shows(map).ShouldBeTrue();
        _bench.Loop.RunFor(1 * Ms);
        Owner.StatusOf(bio).ShouldBe(BlockStatus.IoError);
        Shows(map).ShouldBeFalse();
        _bench.Log.Last().ShouldBe(Timeout);
        Owner.StatusOf(_bench.Write(map)).ShouldBe(BlockStatus.IoError);
    }

    [Fact]
    public void Without_a_time_it_queues_for_ever()
    {
        MappedDevice map = WithoutPath(Queues);
        Bio bio = _bench.Write(map);
        _bench.Loop.RunFor(3_600_000 * Ms);
        Owner.HasEnded(bio).ShouldBeFalse();
        Shows(map).ShouldBeTrue();
    }

    [Fact]
    public void The_clock_starts_when_the_last_path_goes_and_stops_when_one_comes()
    {
        _bench.QueueTimeoutNs = 5000 * Ms;
        MappedDevice map = Map(Queues);
        map.Message("fail_path a");
        _bench.Loop.RunFor(6000 * Ms);
        map.Message("fail_path b");
        _bench.Loop.RunFor(4000 * Ms);
        map.Message("reinstate_path a");
        _bench.Loop.RunFor(60_000 * Ms);
        Shows(map).ShouldBeTrue();
        map.Message("fail_path a");
        _bench.Loop.RunFor(5000 * Ms);
        Shows(map).ShouldBeFalse();
    }

    [Fact]
    public void The_message_starts_the_clock_and_its_counterpart_stops_it()
    {
        _bench.QueueTimeoutNs = 5000 * Ms;
        MappedDevice map = WithoutPath("0");
        map.Message("queue_if_no_path");
        _bench.Loop.RunFor(4000 * Ms);
        map.Message("fail_if_no_path");
        _bench.Loop.RunFor(60_000 * Ms);
        _bench.Log.ShouldNotContain(Timeout);
        map.Message("queue_if_no_path");
        _bench.Loop.RunFor(5000 * Ms);
        _bench.Log.ShouldContain(Timeout);
    }

    [Fact]
    public void A_table_without_a_path_starts_the_clock_when_it_is_live()
    {
        _bench.QueueTimeoutNs = 5000 * Ms;
        MappedDevice map = _bench.Map("0 2048 multipath 0 0 0 0");
        _bench.Load(map, $"0 2048 multipath {Queues} 0 0 0");
        _bench.Loop.RunFor(60_000 * Ms);
        map.Resume().ShouldBeDone();
        Shows(map).ShouldBeTrue();
        _bench.Loop.RunFor(5000 * Ms);
        Shows(map).ShouldBeFalse();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Suspending_and_resuming_again_and_again_does_not_put_off_the_end(bool noFlush)
    {
        _bench.QueueTimeoutNs = 5000 * Ms;
        MappedDevice map = WithoutPath(Queues);
        for (int i = 0; i < 4; i++)
        {
            _bench.Loop.RunFor(1000 * Ms);
            map.Suspend(noFlush).ShouldBeDone();
            map.Resume().ShouldBeDone();
            Shows(map).ShouldBeTrue();
        }
        _bench.Loop.RunFor(1000 * Ms);
        Shows(map).ShouldBeFalse();
    }

    [Fact]
    public void The_clock_of_a_table_that_is_gone_has_stopped()
    {
        _bench.QueueTimeoutNs = 5000 * Ms;
        MappedDevice map = WithoutPath(Queues);
        _bench.Swap(map, $"0 2048 multipath {Queues} 0 1 1 round-robin 0 1 1 a 1");
        _bench.Loop.RunFor(60_000 * Ms);
        _bench.Log.ShouldNotContain(Timeout);
        Shows(map).ShouldBeTrue();
    }

    private MappedDevice Map(string features) =>
        _bench.Map($"0 2048 multipath {features} 0 1 1 round-robin 0 2 1 a 1 b 1");

    private MappedDevice WithoutPath(string features)
    {
        MappedDevice map = Map(features);
        map.Message("fail_path a");
        map.Message("fail_path b");
        return map;
    }

    private static bool Shows(MappedDevice map) =>
        map.Table!.Describe().Contains("queue_if_no_path", StringComparison.Ordinal);
}
