// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Multipath;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Multipath;

/// <summary>Request mode: what happens to I/O when paths fail under it.</summary>
public sealed class FailoverTests
{
    private const long Ms = Loops.Ms;
    private const string TwoPaths = "0 2048 multipath 0 0 1 1 queue-length 0 2 1 a 1 b 1";
    private const string Queueing =
        "0 2048 multipath 1 queue_if_no_path 0 1 1 queue-length 0 2 1 a 1 b 1";

    private readonly Bench _bench = new();
    private readonly TestDevice _a;
    private readonly TestDevice _b;

    public FailoverTests()
    {
        _a = _bench.Add("a");
        _b = _bench.Add("b");
    }

    public static TheoryData<BlockStatus> PathErrors => new(
        Enum.GetValues<BlockStatus>().Where(status => status.IsPathError()));

    public static TheoryData<BlockStatus> OtherErrors => new(Enum.GetValues<BlockStatus>()
        .Where(status => !status.IsPathError() && status != BlockStatus.Ok));

    private TestOwner Owner => _bench.Owner;

    [Theory]
    [MemberData(nameof(PathErrors))]
    public void A_failed_path_requeues_its_clones_on_another_path(BlockStatus error)
    {
        MappedDevice map = _bench.Map(TwoPaths);
        _a.Outcome = _ => error;
        Bio bio = _bench.Write(map);
        _bench.Loop.RunFor(error == BlockStatus.Resource ? 100 * Ms : 0);
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        _a.Sent.Count.ShouldBe(1);
        _b.Sent.Count.ShouldBe(1);
        _bench.Changes.ShouldBe(["-a 1"]);
        map.Statistics.Requeues.ShouldBe(1);
        ShouldBeQuiet(map);
    }

    [Fact]
    public void After_a_lack_of_resources_the_other_path_is_tried_100_ms_later()
    {
        MappedDevice map = _bench.Map(TwoPaths);
        _a.Outcome = _ => BlockStatus.Resource;
        _bench.Write(map);
        _bench.Loop.RunFor((100 * Ms) - 1);
        _b.Sent.ShouldBeEmpty();
        _bench.Loop.RunFor(1);
        _b.Sent.Count.ShouldBe(1);
    }

    [Theory]
    [MemberData(nameof(OtherErrors))]
    public void An_error_that_is_not_the_paths_goes_up_and_the_path_stays(BlockStatus error)
    {
        MappedDevice map = _bench.Map(Queueing);
        _a.Outcome = _ => error;
        Owner.StatusOf(_bench.Write(map)).ShouldBe(error);
        _b.Sent.ShouldBeEmpty();
        _bench.Changes.ShouldBeEmpty();
        map.EventNumber.ShouldBe(0u);
        ShouldBeQuiet(map);
    }

    [Theory]
    [InlineData(BlockStatus.Transport)]
    [InlineData(BlockStatus.Timeout)]
    [InlineData(BlockStatus.Resource)]
    public void When_the_last_path_fails_the_error_is_its_own(BlockStatus error)
    {
        MappedDevice map = _bench.Map(TwoPaths);
        _a.Outcome = _b.Outcome = _ => error;
        Bio bio = _bench.Write(map);
        _bench.Loop.RunFor(100 * Ms);
        Owner.StatusOf(bio).ShouldBe(error);
        _bench.Changes.ShouldBe(["-a 1", "-b 0"]);
        // The next finds none: that is an I/O error, and no path is asked.
        Owner.StatusOf(_bench.Write(map)).ShouldBe(BlockStatus.IoError);
        (_a.Sent.Count + _b.Sent.Count).ShouldBe(2);
        ShouldBeQuiet(map);
    }

    [Fact]
    public void A_path_that_fails_at_once_is_failed_over_too()
    {
        MappedDevice map = _bench.Map(TwoPaths);
        _a.Answer = _ => BlockStatus.Transport;
        Owner.StatusOf(_bench.Write(map)).ShouldBe(BlockStatus.Ok);
        _bench.Changes.ShouldBe(["-a 1"]);
        ShouldBeQuiet(map);
    }

    [Fact]
    public void Many_I_Os_on_a_dying_path_are_one_failure_and_all_are_retried()
    {
        MappedDevice map = _bench.Map(TwoPaths);
        _a.DelayNs = _b.DelayNs = null;
        for (int i = 0; i < 8; i++) _bench.Write(map, i * 65536);
        _a.InFlight.Count.ShouldBe(4);
        _a.CompleteAll(BlockStatus.Transport);
        _bench.Loop.Settle();
        _b.InFlight.Count.ShouldBe(8);
        _b.CompleteAll();
        Owner.ShouldAllHaveEnded();
        Owner.Made.ShouldBe(8);
        _bench.Changes.ShouldBe(["-a 1"]);
        map.Multipath().Groups[0].Paths[0].FailCount.ShouldBe(1u);
        _b.Sent.Count.ShouldBe(8);
        map.EventNumber.ShouldBe(1u);
        ShouldBeQuiet(map);
    }

    [Fact]
    public void Only_what_was_not_done_is_sent_to_the_other_path()
    {
        MappedDevice map = _bench.Map(TwoPaths);
        _a.DelayNs = null;
        Bio[] bios = [.. Enumerable.Range(0, 4).Select(i => Owner.Write(i * 4096, 4096))];
        foreach (Bio bio in bios) map.Submit(bio);
        _bench.Loop.Settle();
        _a.Complete(_a.InFlight[0], BlockStatus.Transport, 9000);
        Owner.Ended.ShouldBe(bios[..2]);
        _bench.Loop.Settle();
        _b.Ranges.ShouldBe([(9000, 16384 - 9000)]);
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public void A_failure_of_an_I_O_that_was_sent_before_a_reinstatement_fails_the_path_again()
    {
        MappedDevice map = _bench.Map(TwoPaths);
        _a.DelayNs = null;
        _bench.Write(map);
        map.Message("fail_path a");
        map.Message("reinstate_path a");
        _a.CompleteAll(BlockStatus.Transport);
        _bench.Loop.Settle();
        _bench.Changes.ShouldBe(["-a 1", "+a 2", "-a 1"]);
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public void An_I_O_on_a_path_that_a_message_failed_may_still_succeed()
    {
        MappedDevice map = _bench.Map(TwoPaths);
        _a.DelayNs = null;
        Bio bio = _bench.Write(map);
        map.Message("fail_path a");
        _a.CompleteAll();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        ShouldBeQuiet(map);
    }

    [Fact]
    public void With_queue_if_no_path_nothing_fails_and_everything_resumes()
    {
        MappedDevice map = _bench.Map(Queueing);
        _a.Outcome = _b.Outcome = _ => BlockStatus.Transport;
        for (int i = 0; i < 20; i++) _bench.Write(map, i * 32768);
        _bench.Loop.RunFor(10_000 * Ms);
        Owner.Ended.ShouldBeEmpty();
        map.Queue!.Requeued.ShouldBe(20);
        _a.Outcome = _ => BlockStatus.Ok;
        map.Message("reinstate_path a");
        _bench.Loop.Settle();
        Owner.ShouldAllHaveEnded();
        _a.Ranges.Select(range => range.Offset).TakeLast(20)
            .ShouldBe(Enumerable.Range(0, 20).Select(i => i * 32768L));
        ShouldBeQuiet(map);
    }

    [Fact]
    public void A_held_request_is_looked_at_every_100_ms_and_sends_nothing()
    {
        MappedDevice map = _bench.Map(Queueing);
        map.Message("fail_path a");
        map.Message("fail_path b");
        _bench.Write(map);
        _bench.Loop.RunFor(1000 * Ms);
        map.Statistics.Requeues.ShouldBe(11);
        (_a.Sent.Count + _b.Sent.Count).ShouldBe(0);
    }

    [Fact]
    public void Fail_if_no_path_fails_what_is_held_at_once()
    {
        MappedDevice map = _bench.Map(Queueing);
        map.Message("fail_path a");
        map.Message("fail_path b");
        for (int i = 0; i < 5; i++) _bench.Write(map, i * 65536);
        map.Message("fail_if_no_path");
        _bench.Loop.Settle();
        Owner.ShouldAllHaveEnded(BlockStatus.IoError);
        ShouldBeQuiet(map);
    }

    [Fact]
    public void Queue_if_no_path_holds_from_the_message_on()
    {
        MappedDevice map = _bench.Map(TwoPaths);
        map.Message("fail_path a");
        map.Message("fail_path b");
        Owner.StatusOf(_bench.Write(map)).ShouldBe(BlockStatus.IoError);
        map.Message("queue_if_no_path");
        Bio held = _bench.Write(map);
        _bench.Loop.RunFor(1000 * Ms);
        Owner.HasEnded(held).ShouldBeFalse();
        map.Message("reinstate_path b");
        _bench.Loop.Settle();
        Owner.StatusOf(held).ShouldBe(BlockStatus.Ok);
    }

    [Fact]
    public void Neighbours_that_wait_for_a_path_are_not_merged_into_what_was_held()
    {
        MappedDevice map = _bench.Map(Queueing);
        map.Message("fail_path a");
        map.Message("fail_path b");
        for (int i = 0; i < 3; i++) _bench.Write(map, i * 4096);
        map.Message("reinstate_path a");
        _bench.Loop.Settle();
        _a.Ranges.ShouldBe([(0, 4096), (4096, 4096), (8192, 4096)]);
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public void A_table_without_groups_fails_or_holds()
    {
        MappedDevice map = _bench.Map("0 2048 multipath 0 0 0 0");
        Owner.StatusOf(_bench.Write(map)).ShouldBe(BlockStatus.IoError);
        map.Message("queue_if_no_path");
        Bio held = _bench.Write(map);
        _bench.Loop.RunFor(1000 * Ms);
        Owner.HasEnded(held).ShouldBeFalse();
        map.Table!.Status().ShouldBe("0 2048 multipath 2 0 0 0 0 0 ");
        map.Message("fail_if_no_path");
        _bench.Loop.Settle();
        Owner.StatusOf(held).ShouldBe(BlockStatus.IoError);
    }

    [Theory]
    [InlineData("round-robin 0 2 1 a 1 b 1")]
    [InlineData("queue-length 0 2 1 a 1 b 1")]
    [InlineData("service-time 0 2 2 a 1 1 b 1 1")]
    public void A_path_that_hangs_does_not_hold_up_I_O_on_the_other(string group)
    {
        TestDevice a = _bench.Add("a", new QueueOptions { Depth = 1 });
        TestDevice b = _bench.Add("b", new QueueOptions { Depth = 1 });
        a.DelayNs = null;
        b.DelayNs = Ms;
        MappedDevice map = _bench.Map($"0 2048 multipath 0 0 1 1 {group}");
        Bio hung = _bench.Write(map);
        a.InFlight.Count.ShouldBe(1);
        for (int i = 1; i <= 20; i++)
        {
            Bio bio = _bench.Write(map, i * 4096);
            // One I/O of the path's, and perhaps one wait for a free tag.
            _bench.Loop.RunFor(10 * Ms);
            Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        }
        b.Sent.Count.ShouldBe(20);
        Owner.HasEnded(hung).ShouldBeFalse();
    }

    [Fact]
    public void A_flush_and_a_discard_are_failed_over_too()
    {
        var limits = new QueueLimits { WriteCache = true, MaxDiscardBytes = 1 << 20 };
        TestDevice a = _bench.Add("a", limits: limits);
        _bench.Add("b", limits: limits);
        MappedDevice map = _bench.Map(TwoPaths);
        a.Outcome = _ => BlockStatus.Transport;
        map.Give(Owner.Flush());
        map.Give(Owner.Make(BlockOperation.Discard, 0, 4096));
        map.Give(Owner.Write(4096, 4096, BioFlags.Fua | BioFlags.Preflush));
        _bench.Loop.Settle();
        Owner.ShouldAllHaveEnded();
        ShouldBeQuiet(map);
    }

    private static void ShouldBeQuiet(MappedDevice map)
    {
        map.InFlight.ShouldBe(0);
        map.Statistics.InFlight.ShouldBe(0);
        foreach (PgPath path in map.Multipath().Groups.SelectMany(group => group.Paths))
        {
            path.Device.Queue!.Tags.InUse.ShouldBe(0);
            path.Selection.InFlight.ShouldBe(0, $"in flight on {path.Device.Name}");
        }
    }
}
