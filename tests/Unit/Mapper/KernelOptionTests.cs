// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Mapper;

/// <summary>Options with which a map does as the kernel does, and safety asks for more.</summary>
public sealed class KernelOptionTests
{
    private const string Waiting =
        "0 2048 multipath 1 queue_if_no_path 0 1 1 round-robin 0 1 1 a 1";
    private const string Smaller = "0 8 multipath 0 0 1 1 round-robin 0 1 1 b 1";

    private readonly Bench _bench = new();
    private readonly TestDevice _b;

    public KernelOptionTests()
    {
        _bench.Add("a");
        _b = _bench.Add("b");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(int.MaxValue)]
    public void A_flushing_suspend_fails_all_that_waits(int batch)
    {
        MappedDevice map = _bench.Map(Waiting, new QueueOptions { DispatchBatch = batch });
        map.Message("fail_path a");
        Bio[] bios = [.. Enumerable.Range(0, 5).Select(i => _bench.Write(map, i * 8192))];
        bool isDone = false;
        map.Suspend(noFlush: false, problem => isDone = problem is null);
        _bench.Loop.Settle();
        isDone.ShouldBeTrue();
        foreach (Bio bio in bios) _bench.Owner.StatusOf(bio).ShouldBe(BlockStatus.IoError);
    }

    [Fact]
    public void What_waits_beyond_the_end_of_a_new_table_fails() =>
        Resumed(new QueueOptions()).ShouldBe((BlockStatus.IoError, 0));

    [Fact]
    public void In_the_kernel_it_is_mapped() =>
        Resumed(new QueueOptions { FitsWaiting = false }).ShouldBe((BlockStatus.Ok, 1));

    [Fact]
    public void Flushes_of_one_turn_are_one_or_each_by_itself()
    {
        foreach (bool merges in (bool[])[true, false])
        {
            var limits = new QueueLimits { WriteCache = true };
            TestDevice device = _bench.Add(
                "c", new QueueOptions { MergesFlushes = merges }, limits);
            for (int i = 0; i < 3; i++)
                device.Submit(_bench.Owner.Make(BlockOperation.Flush, 0, 0));
            _bench.Loop.Settle();
            device.Statistics.Flushes.ShouldBe(merges ? 1 : 3);
        }
    }

    [Fact]
    public void A_bio_in_pieces_is_cut_where_a_request_has_no_more_segments()
    {
        var limits = new QueueLimits { MaxSegments = 4 };
        TestDevice device = _bench.Add("c", limits: limits);
        Bio bio = _bench.Owner.Write(0, 10 * 4096);
        bio.SegmentBytes = 4096;
        device.Submit(bio);
        _bench.Loop.Settle();
        device.Ranges.ShouldBe([(0, 16384), (16384, 16384), (32768, 8192)]);
    }

    private (BlockStatus Status, int Sent) Resumed(QueueOptions options)
    {
        MappedDevice map = _bench.Map(Waiting, options);
        map.Message("fail_path a");
        Bio bio = _bench.Write(map, 64 * 1024);
        _bench.Swap(map, Smaller);
        _bench.Loop.Settle();
        return (_bench.Owner.StatusOf(bio), _b.Ranges.Count());
    }
}
