// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Multipath;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Multipath;

/// <summary>queue_mode bio: a path for each bio, and bios held in the target.</summary>
public sealed class BioModeTests
{
    private const long Ms = Loops.Ms;
    private const string Group = "0 1 1 queue-length 0 2 1 a 1 b 1";

    private readonly Bench _bench = new();
    private readonly TestDevice _a;
    private readonly TestDevice _b;

    public BioModeTests()
    {
        _a = _bench.Add("a");
        _b = _bench.Add("b");
    }

    public static TheoryData<BlockStatus> PathErrors => FailoverTests.PathErrors;

    public static TheoryData<BlockStatus> OtherErrors => FailoverTests.OtherErrors;

    private TestOwner Owner => _bench.Owner;

    [Theory]
    [MemberData(nameof(PathErrors))]
    public void A_bio_that_failed_on_a_path_is_sent_on_another(BlockStatus error)
    {
        MappedDevice map = Map();
        _a.Outcome = _ => error;
        Owner.StatusOf(_bench.Write(map)).ShouldBe(BlockStatus.Ok);
        (_a.Sent.Count, _b.Sent.Count).ShouldBe((1, 1));
        _bench.Changes.ShouldBe(["-a 1"]);
        ShouldBeQuiet(map);
    }

    [Theory]
    [MemberData(nameof(OtherErrors))]
    public void An_error_that_is_not_the_paths_goes_up(BlockStatus error)
    {
        MappedDevice map = Map("3 queue_if_no_path queue_mode bio");
        _a.Outcome = _ => error;
        Owner.StatusOf(_bench.Write(map)).ShouldBe(error);
        _bench.Changes.ShouldBeEmpty();
        ShouldBeQuiet(map);
    }

    [Fact]
    public void When_the_last_path_fails_it_is_an_I_O_error()
    {
        MappedDevice map = Map();
        _a.Outcome = _b.Outcome = _ => BlockStatus.Timeout;
        Owner.StatusOf(_bench.Write(map)).ShouldBe(BlockStatus.IoError);
        _bench.Changes.ShouldBe(["-a 1", "-b 0"]);
        Owner.StatusOf(_bench.Write(map)).ShouldBe(BlockStatus.IoError);
        (_a.Sent.Count, _b.Sent.Count).ShouldBe((1, 1));
        ShouldBeQuiet(map);
    }

    [Fact]
    public void Held_bios_are_sent_in_their_order_when_a_path_returns()
    {
        MappedDevice map = Map("3 queue_if_no_path queue_mode bio");
        _a.Outcome = _b.Outcome = _ => BlockStatus.Transport;
        for (int i = 0; i < 10; i++) _bench.Write(map, i * 65536);
        _bench.Loop.RunFor(10_000 * Ms);
        Owner.Ended.ShouldBeEmpty();
        map.InFlight.ShouldBe(10);
        _b.Outcome = _ => BlockStatus.Ok;
        map.Message("reinstate_path b");
        _bench.Loop.Settle();
        Owner.ShouldAllHaveEnded();
        // The first two were the ones that found the paths dead; they were held first, too.
        _b.Ranges.TakeLast(10).Select(range => range.Offset)
            .ShouldBe(Enumerable.Range(0, 10).Select(i => i * 65536L));
        ShouldBeQuiet(map);
    }

    [Fact]
    public void Fail_if_no_path_fails_held_bios()
    {
        MappedDevice map = Map("3 queue_if_no_path queue_mode bio");
        map.Message("fail_path a");
        map.Message("fail_path b");
        for (int i = 0; i < 5; i++) _bench.Write(map, i * 65536);
        Owner.Ended.ShouldBeEmpty();
        map.Message("fail_if_no_path");
        _bench.Loop.Settle();
        Owner.ShouldAllHaveEnded(BlockStatus.IoError);
        ShouldBeQuiet(map);
    }

    [Fact]
    public void A_path_that_returns_and_fails_again_holds_the_bios_again()
    {
        MappedDevice map = Map("3 queue_if_no_path queue_mode bio");
        _a.Outcome = _b.Outcome = _ => BlockStatus.Transport;
        for (int i = 0; i < 5; i++) _bench.Write(map, i * 65536);
        map.Message("reinstate_path a");
        _bench.Loop.Settle();
        _bench.Changes.TakeLast(2).ShouldBe(["+a 1", "-a 0"]);
        Owner.Ended.ShouldBeEmpty();
        _a.Outcome = _ => BlockStatus.Ok;
        map.Message("reinstate_path a");
        _bench.Loop.Settle();
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public void Bios_are_not_merged_above_the_paths()
    {
        MappedDevice map = _bench.Map(
            "0 2048 multipath 2 queue_mode bio 0 1 1 round-robin 0 2 1 a 1 b 1");
        for (int i = 0; i < 256; i++) map.Give(Owner.Write(i * 4096, 4096));
        _bench.Loop.Settle();
        (_a.Sent.Count, _b.Sent.Count).ShouldBe((128, 128));
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public void With_one_path_the_paths_own_queue_merges()
    {
        MappedDevice map = _bench.Map(
            "0 2048 multipath 2 queue_mode bio 0 1 1 round-robin 0 1 1 a 1");
        for (int i = 0; i < 64; i++) map.Give(Owner.Write(i * 4096, 4096));
        _bench.Loop.Settle();
        _a.Ranges.ShouldBe([(0, 64 * 4096)]);
        _a.Statistics.WriteMerges.ShouldBe(63);
    }

    [Fact]
    public void A_bio_larger_than_a_request_is_cut_below_and_retried_as_a_whole()
    {
        var limits = new QueueLimits { MaxBytes = 8192 };
        TestDevice a = _bench.Add("a", limits: limits);
        TestDevice b = _bench.Add("b", limits: limits);
        a.Outcome = request => request.Offset == 8192 ? BlockStatus.Transport : BlockStatus.Ok;
        MappedDevice map = Map();
        Owner.StatusOf(_bench.Write(map, 0, 32768)).ShouldBe(BlockStatus.Ok);
        a.Sent.Count.ShouldBe(4);
        b.Sent.Count.ShouldBe(4);
        ShouldBeQuiet(map);
    }

    [Fact]
    public void Bio_mode_takes_paths_that_take_no_requests_and_request_mode_does_not()
    {
        MappedDevice linear = _bench.Map("0 2048 linear a 0", name: "l");
        _bench.Add(linear);
        Should.Throw<TableException>(
            () => _bench.Map("0 2048 multipath 0 0 1 1 round-robin 0 1 1 l 1"))
            .Message.ShouldStartWith("l takes no requests, only bios");
        MappedDevice map = _bench.Map(
            "0 2048 multipath 2 queue_mode bio 0 1 1 round-robin 0 1 1 l 1");
        Owner.StatusOf(_bench.Write(map)).ShouldBe(BlockStatus.Ok);
    }

    [Fact]
    public void Flushes_and_forced_writes_are_failed_over_too()
    {
        var limits = new QueueLimits { WriteCache = true };
        TestDevice a = _bench.Add("a", limits: limits);
        _bench.Add("b", limits: limits);
        a.Outcome = _ => BlockStatus.Transport;
        MappedDevice map = Map();
        map.Give(Owner.Flush());
        map.Give(Owner.Write(4096, 4096, BioFlags.Fua | BioFlags.Preflush));
        _bench.Loop.Settle();
        Owner.ShouldAllHaveEnded();
        ShouldBeQuiet(map);
    }

    private MappedDevice Map(string features = "2 queue_mode bio")
    {
        MappedDevice map = _bench.Map($"0 2048 multipath {features} {Group}");
        map.Queue.ShouldBeNull();
        return map;
    }

    private static void ShouldBeQuiet(MappedDevice map)
    {
        map.InFlight.ShouldBe(0);
        foreach (PgPath path in map.Multipath().Groups.SelectMany(group => group.Paths))
        {
            path.Device.Queue!.Tags.InUse.ShouldBe(0);
            path.Selection.InFlight.ShouldBe(0, $"in flight on {path.Device.Name}");
        }
    }
}
