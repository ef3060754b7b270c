// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Block;

/// <summary>What every device refuses, and how a path comes and goes.</summary>
public sealed class DeviceTests
{
    private readonly Bench _bench = new();

    private TestOwner Owner => _bench.Owner;

    [Theory]
    [InlineData(-4096, 4096)]
    [InlineData(0, 0)]
    [InlineData(0, -4096)]
    [InlineData(TestDevice.DefaultBytes, 4096)]
    [InlineData(TestDevice.DefaultBytes - 4096, 8192)]
    [InlineData(4096, long.MaxValue)]
    [InlineData(long.MaxValue - 4095, 4096)]
    public void A_bio_that_is_not_within_the_device_is_an_IoError(long offset, long length) =>
        StatusOf(new QueueLimits(), Owner.Read(offset, length)).ShouldBe(BlockStatus.IoError);

    [Fact]
    public void The_last_block_is_within_the_device() =>
        StatusOf(new QueueLimits(), Owner.Read(TestDevice.DefaultBytes - 512, 512))
            .ShouldBe(BlockStatus.Ok);

    [Theory]
    [InlineData(512, 512, BlockStatus.Ok)]
    [InlineData(256, 512, BlockStatus.Invalid)]
    [InlineData(512, 256, BlockStatus.Invalid)]
    public void A_bio_must_be_whole_blocks(long offset, long length, BlockStatus expected) =>
        StatusOf(new QueueLimits(), Owner.Write(offset, length)).ShouldBe(expected);

    [Theory]
    [InlineData(BlockOperation.Read, BlockStatus.Ok)]
    [InlineData(BlockOperation.Flush, BlockStatus.Ok)]
    [InlineData(BlockOperation.Write, BlockStatus.ReadOnly)]
    [InlineData(BlockOperation.Discard, BlockStatus.ReadOnly)]
    [InlineData(BlockOperation.WriteZeroes, BlockStatus.ReadOnly)]
    [InlineData(BlockOperation.Extents, BlockStatus.Ok)]
    public void A_read_only_device_takes_no_writes(BlockOperation operation, BlockStatus expected)
    {
        var limits = new QueueLimits
        {
            ReadOnly = true, MaxDiscardBytes = 4096, MaxWriteZeroesBytes = 4096, Extents = true,
        };
        long length = operation == BlockOperation.Flush ? 0 : 4096;
        StatusOf(limits, Owner.Make(operation, 0, length)).ShouldBe(expected);
    }

    [Theory]
    [InlineData(BlockOperation.Discard)]
    [InlineData(BlockOperation.WriteZeroes)]
    [InlineData(BlockOperation.Extents)]
    public void What_a_device_does_not_offer_is_NotSupported(BlockOperation operation) =>
        StatusOf(new QueueLimits(), Owner.Make(operation, 0, 4096))
            .ShouldBe(BlockStatus.NotSupported);

    [Fact]
    public void A_path_that_was_never_reached_fails_I_O_at_once()
    {
        var device = new TestDevice(_bench.Loop, "a", start: false);
        device.State.ShouldBe(PathState.Down);
        device.HasLimits.ShouldBeFalse();
        device.Problem.ShouldBe("not started");
        Owner.StatusOf(device.Give(Owner.Read(0, 512))).IsPathError().ShouldBeTrue();
    }

    [Fact]
    public void A_path_tells_of_each_change_once()
    {
        var observer = new PathLog();
        var device = new TestDevice(_bench.Loop, "a", start: false) { Observer = observer };
        device.Start();
        device.Start();
        device.Lose("reset by the peer");
        device.Lose("reset by the peer");
        device.Lose("refused");
        device.Start();
        observer.Lines.ShouldBe(
            ["Up connected", "Down reset by the peer", "Down refused", "Up connected"]);
        device.Problem.ShouldBe("");
    }

    [Fact]
    public void A_path_that_comes_back_with_another_size_is_refused()
    {
        var device = new TestDevice(_bench.Loop, "a");
        device.Lose("gone");
        device.ReachedWith(TestDevice.DefaultBytes + 512, new QueueLimits()).ShouldBeFalse();
        device.State.ShouldBe(PathState.Refused);
        device.Problem.ShouldBe("its size is 16777728 bytes, not 16777216");
        device.SizeBytes.ShouldBe(TestDevice.DefaultBytes);
    }

    [Fact]
    public void A_path_that_can_do_less_than_was_promised_is_refused()
    {
        var device = new TestDevice(_bench.Loop, "a");
        device.Lose("gone");
        var less = new QueueLimits { MaxBytes = 4096 };
        device.ReachedWith(TestDevice.DefaultBytes, less).ShouldBeFalse();
        device.Problem.ShouldStartWith("it has come back as another: ");
        device.Limits.ShouldBe(new QueueLimits());
    }

    [Fact]
    public void A_path_that_can_do_more_than_was_promised_is_taken_as_it_is()
    {
        var device = new TestDevice(_bench.Loop, "a");
        device.Lose("gone");
        var more = new QueueLimits { MaxBytes = 1L << 30, MaxDiscardBytes = 1 << 20 };
        device.ReachedWith(TestDevice.DefaultBytes, more).ShouldBeTrue();
        device.State.ShouldBe(PathState.Up);
        device.Limits.ShouldBe(more);
    }

    [Fact]
    public void The_size_that_is_expected_holds_for_the_first_time_too()
    {
        var device = new TestDevice(_bench.Loop, "a", start: false);
        device.ExpectSize(1 << 20);
        device.ReachedWith(2 << 20, new QueueLimits()).ShouldBeFalse();
        device.State.ShouldBe(PathState.Refused);
        device.ExpectSize(2 << 20);
        device.SizeBytes.ShouldBe(1 << 20);
    }

    [Fact]
    public void A_path_is_held_to_what_each_map_has_promised_and_as_far_as_they_reach()
    {
        var device = new TestDevice(_bench.Loop, "a", start: false);
        device.Promise([new QueueLimits(), new QueueLimits { MaxDiscardBytes = 512 }], 1 << 20);
        device.ReachedWith(1 << 19, new QueueLimits()).ShouldBeFalse();
        device.Problem.ShouldBe("its size is 524288 bytes, of which 1048576 are mapped");
        device.ReachedWith(2 << 20, new QueueLimits()).ShouldBeFalse();
        device.Problem.ShouldBe("it can do less than others: it has no trim");
        device.ReachedWith(2 << 20, new QueueLimits { MaxDiscardBytes = 512 }).ShouldBeTrue();
    }

    [Fact]
    public void Of_a_path_that_no_map_uses_nothing_is_asked()
    {
        var device = new TestDevice(_bench.Loop, "a");
        device.Lose("gone");
        device.Promise([], 0);
        device.ReachedWith(4096, new QueueLimits { ReadOnly = true }).ShouldBeTrue();
        device.SizeBytes.ShouldBe(4096);
    }

    [Fact]
    public void A_busy_path_is_one_whose_tags_are_out()
    {
        TestDevice device = _bench.Add("a", new QueueOptions { Depth = 2 });
        device.DelayNs = null;
        _bench.Write(device);
        device.Queue.IsBusy.ShouldBeFalse();
        _bench.Write(device, 65536);
        device.Queue.IsBusy.ShouldBeTrue();
        device.CompleteFirst();
        device.Queue.IsBusy.ShouldBeFalse();
    }

    [Fact]
    public void Statistics_count_each_kind_of_request()
    {
        var limits = new QueueLimits
        {
            WriteCache = true, MaxDiscardBytes = 4096, MaxWriteZeroesBytes = 4096, Extents = true,
        };
        TestDevice device = _bench.Add("a", limits: limits);
        foreach (BlockOperation operation in Enum.GetValues<BlockOperation>())
            device.Give(Owner.Make(operation, 0, operation == BlockOperation.Flush ? 0 : 4096));
        _bench.Loop.Settle();
        BlockStatistics counted = device.Statistics;
        (counted.Reads, counted.ReadBytes).ShouldBe((1, 4096));
        (counted.Writes, counted.WriteBytes).ShouldBe((2, 8192));
        (counted.Discards, counted.Flushes).ShouldBe((1, 1));
        (counted.ReadMerges, counted.WriteMerges, counted.Requeues, counted.InFlight)
            .ShouldBe((0, 0, 0, 0));
    }

    private BlockStatus StatusOf(QueueLimits limits, Bio bio)
    {
        TestDevice device = _bench.Add("a", limits: limits);
        device.Submit(bio);
        _bench.Loop.Settle();
        return Owner.StatusOf(bio);
    }

    private sealed class PathLog : IPathObserver
    {
        public List<string> Lines { get; } = [];

        public void OnPathState(PathDevice path, PathState state, string reason) =>
            Lines.Add($"{state} {reason}");
    }
}
