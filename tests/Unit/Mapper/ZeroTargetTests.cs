// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Mapper;

/// <summary>The zero target, alone and beside others.</summary>
public sealed class ZeroTargetTests
{
    private const int Block = 4096;

    private readonly Bench _bench = new();
    private readonly byte[] _memory = PinnedData.Make(2 * Block);

    private TestOwner Owner => _bench.Owner;

    [Fact]
    public void It_reads_as_zeroes_and_forgets_what_is_written()
    {
        MappedDevice map = _bench.Map("0 2048 zero");
        _memory.AsSpan().Fill(7);
        Do(map, Owner.Write(0, Block)).ShouldBe(BlockStatus.Ok);
        _memory.ShouldAllBe(value => value == 7);
        Do(map, Owner.Read(0, Block)).ShouldBe(BlockStatus.Ok);
        _memory[..Block].ShouldAllBe(value => value == 0);
        _memory[Block..].ShouldAllBe(value => value == 7);
        Do(map, Owner.Flush()).ShouldBe(BlockStatus.Ok);
    }

    [Theory]
    [InlineData("0 8 error\n8 8 linear a 0")]
    [InlineData("0 8 zero\n8 8 linear a 0")]
    public void A_flush_passes_targets_that_have_nothing_to_keep(string table)
    {
        TestDevice a = _bench.Add("a", limits: new QueueLimits { WriteCache = true });
        Do(_bench.Map(table), Owner.Flush()).ShouldBe(BlockStatus.Ok);
        a.Sent.Single().Operation.ShouldBe(BlockOperation.Flush);
        Do(_bench.Map("0 8 error"), Owner.Flush()).ShouldBe(BlockStatus.Ok);
    }

    [Fact]
    public void Beside_another_target_each_has_its_part_of_a_bio()
    {
        TestDevice a = _bench.Add("a");
        a.Store = new byte[1 << 20];
        a.Store.AsSpan().Fill(3);
        MappedDevice map = _bench.Map("0 8 zero\n8 8 linear a 0");
        _memory.AsSpan().Fill(7);
        Do(map, Owner.Read(0, 2 * Block)).ShouldBe(BlockStatus.Ok);
        _memory[..Block].ShouldAllBe(value => value == 0);
        _memory[Block..].ShouldAllBe(value => value == 3);
    }

    [Fact]
    public void A_device_beside_it_can_do_no_more_than_it_can()
    {
        _bench.Add("a", limits: new QueueLimits
        {
            MaxDiscardBytes = 1 << 20, MaxWriteZeroesBytes = 1 << 20, Extents = true,
        });
        MappedDevice map = _bench.Map("0 8 zero\n8 8 linear a 0");
        Do(map, Owner.Make(BlockOperation.Discard, 0, Block)).ShouldBe(BlockStatus.NotSupported);
        Do(map, Owner.Make(BlockOperation.WriteZeroes, 0, Block))
            .ShouldBe(BlockStatus.NotSupported);
        Do(map, Owner.Make(BlockOperation.Extents, 0, Block)).ShouldBe(BlockStatus.NotSupported);
    }

    [Fact]
    public void It_takes_and_prints_no_words()
    {
        _bench.Map("0 8 zero").Table!.Describe().ShouldBe("0 8 zero ");
        _bench.Map("0 8 zero").Table!.Status().ShouldBe("0 8 zero ");
        Should.Throw<TableException>(() => _bench.Map("0 8 zero 1")).Message
            .ShouldBe("zero takes no more words, at word 3 'zero'");
        Should.Throw<MessageException>(() => _bench.Map("0 8 zero").Message("x"));
    }

    private unsafe BlockStatus Do(MappedDevice map, Bio bio)
    {
        if (bio.Operation != BlockOperation.Flush) bio.Data = PinnedData.At(_memory);
        map.Submit(bio);
        _bench.Loop.Settle();
        return Owner.StatusOf(bio);
    }
}
