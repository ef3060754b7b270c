// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Mapper;

/// <summary>The flakey target: when it is down, and what it does to I/O then.</summary>
public sealed class FlakeyTargetTests
{
    private const long Ms = Loops.Ms;
    private const int Block = 4096;

    private readonly Bench _bench = new();
    private readonly TestDevice _a;
    private readonly byte[] _store = new byte[1 << 20];
    private readonly byte[] _memory = PinnedData.Make(Block);

    public FlakeyTargetTests()
    {
        _a = _bench.Add("a", limits: new QueueLimits { WriteCache = true, Fua = true });
        _a.Store = _store;
    }

    private TestOwner Owner => _bench.Owner;

    [Fact]
    public void It_works_for_some_seconds_and_fails_for_some_in_turn()
    {
        MappedDevice map = _bench.Map("0 2048 flakey a 8 3 2");
        var states = new List<bool>();
        for (int second = 0; second < 12; second++)
        {
            states.Add(Do(map, write: second % 2 == 0) == BlockStatus.Ok);
            _bench.Loop.RunFor(1000 * Ms);
        }
        states.ShouldBe(
            [true, true, true, false, false, true, true, true, false, false, true, true]);
        _a.Sent.ShouldAllBe(sent => sent.Offset == 8 * 512);
        _a.Sent.Count.ShouldBe(8);
    }

    [Theory]
    [InlineData("1 0", true)]
    [InlineData("0 1", false)]
    [InlineData("4294967295 0", true)]
    [InlineData("0 4294967295", false)]
    public void An_interval_of_zero_is_never(string intervals, bool works)
    {
        MappedDevice map = _bench.Map($"0 2048 flakey a 0 {intervals}");
        for (int i = 0; i < 5; i++)
        {
            (Do(map, write: true) == BlockStatus.Ok).ShouldBe(works);
            _bench.Loop.RunFor(700 * Ms);
        }
    }

    [Fact]
    public void What_was_sent_while_it_worked_ends_well_when_it_is_down()
    {
        _a.DelayNs = null;
        MappedDevice map = _bench.Map("0 2048 flakey a 0 1 1");
        Bio bio = Start(map, write: true);
        _bench.Loop.RunFor(1000 * Ms);
        _a.CompleteFirst();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
    }

    [Fact]
    public void Dropped_writes_succeed_and_are_not_sent_and_reads_are()
    {
        MappedDevice map = _bench.Map("0 2048 flakey a 0 0 1 1 drop_writes");
        _store.AsSpan().Fill(7);
        _memory.AsSpan().Fill(9);
        Do(map, write: true).ShouldBe(BlockStatus.Ok);
        _a.Sent.ShouldBeEmpty();
        Owner.StatusOf(map.Give(Owner.Flush())).ShouldBe(BlockStatus.Ok);
        _a.Sent.ShouldBeEmpty();
        Do(map, write: false).ShouldBe(BlockStatus.Ok);
        _memory.ShouldAllBe(value => value == 7);
    }

    [Fact]
    public void Error_writes_fails_writes_and_no_reads()
    {
        MappedDevice map = _bench.Map("0 2048 flakey a 0 0 1 1 error_writes");
        Do(map, write: true).ShouldBe(BlockStatus.IoError);
        Do(map, write: false).ShouldBe(BlockStatus.Ok);
        _a.Sent.Single().Operation.ShouldBe(BlockOperation.Read);
    }

    [Theory]
    [InlineData("r", false)]
    [InlineData("w", true)]
    public void One_byte_is_changed_on_its_way_and_the_clients_memory_is_not(
        string direction, bool write)
    {
        MappedDevice map = _bench.Map(
            $"0 2048 flakey a 0 0 1 5 corrupt_bio_byte 33 {direction} 5 0");
        foreach (bool writes in (bool[])[true, false])
        {
            _store.AsSpan().Fill(1);
            _memory.AsSpan().Fill(2);
            Do(map, writes).ShouldBe(BlockStatus.Ok);
            byte[] target = writes ? _store[..Block] : _memory;
            byte expected = writes ? (byte)2 : (byte)1;
            int[] changed = [.. Enumerable.Range(0, Block).Where(i => target[i] != expected)];
            changed.ShouldBe(writes == write ? [32] : []);
            if (writes == write) target[32].ShouldBe((byte)5);
            if (writes) _memory.ShouldAllBe(value => value == 2);
        }
    }

    [Fact]
    public void A_bio_that_has_no_such_byte_is_not_changed()
    {
        MappedDevice map = _bench.Map("0 2048 flakey a 0 0 1 5 corrupt_bio_byte 4097 w 5 0");
        _memory.AsSpan().Fill(2);
        Do(map, write: true).ShouldBe(BlockStatus.Ok);
        _store[..Block].ShouldAllBe(value => value == 2);
    }

    /// <summary>The flags have the kernel's bits: 131072 is FUA.</summary>
    [Theory]
    [InlineData(BioFlags.Fua, 131072, true)]
    [InlineData(BioFlags.None, 131072, false)]
    [InlineData(BioFlags.Preflush, 131072, false)]
    [InlineData(BioFlags.Fua, 0, true)]
    [InlineData(BioFlags.Fua, 131073, false)]
    public void Only_bios_with_all_flags_are_changed(BioFlags flags, int mask, bool isChanged)
    {
        MappedDevice map = _bench.Map(
            $"0 2048 flakey a 0 0 1 5 corrupt_bio_byte 1 w 5 {mask}");
        _memory.AsSpan().Fill(2);
        Do(map, write: true, flags).ShouldBe(BlockStatus.Ok);
        _store[0].ShouldBe(isChanged ? (byte)5 : (byte)2);
    }

    [Fact]
    public void While_it_works_nothing_is_dropped_or_changed()
    {
        MappedDevice map = _bench.Map(
            "0 2048 flakey a 0 1 1 6 drop_writes corrupt_bio_byte 1 r 5 0");
        _memory.AsSpan().Fill(2);
        Do(map, write: true).ShouldBe(BlockStatus.Ok);
        _store[..Block].ShouldAllBe(value => value == 2);
        Do(map, write: false).ShouldBe(BlockStatus.Ok);
        _memory[0].ShouldBe((byte)2);
        _bench.Loop.RunFor(1000 * Ms);
        Do(map, write: false).ShouldBe(BlockStatus.Ok);
        _memory[0].ShouldBe((byte)5);
    }

    [Theory]
    [InlineData("a 0 1 2", "a 0 1 2 0 ")]
    [InlineData("a 16 1 2 0", "a 16 1 2 0 ")]
    [InlineData("a 16 1 2 0 words that mean nothing", "a 16 1 2 0 ")]
    [InlineData("a 0 1 2 1 Drop_Writes", "a 0 1 2 1 drop_writes ")]
    [InlineData("a 0 1 2 1 error_writes", "a 0 1 2 1 error_writes ")]
    [InlineData("a 0 1 2 6 corrupt_bio_byte 32 R 1 0 drop_writes",
        "a 0 1 2 6 drop_writes corrupt_bio_byte 32 r 1 0 ")]
    [InlineData("a 0 1 2 5 corrupt_bio_byte 224 w 0 32", "a 0 1 2 5 corrupt_bio_byte 224 w 0 32 ")]
    public void It_prints_what_is_in_force(string given, string printed)
    {
        MappedDevice map = _bench.Map($"0 2048 flakey {given}");
        map.Table!.Describe().ShouldBe($"0 2048 flakey {printed}");
        map.Table!.Status().ShouldBe("0 2048 flakey ");
    }

    [Theory]
    [InlineData("a 0", "the up interval in seconds is missing, at the end")]
    [InlineData("a 0 1", "the down interval in seconds is missing, at the end")]
    [InlineData("a 0 0 0", "the intervals are both zero, at word 7 '0'")]
    [InlineData("a 0 4294967295 1", "the down interval in seconds must be 0 to 0, at word 7 '1'")]
    [InlineData("a 0 1 1 7 a b c d e f g", "the number of feature words must be 0 to 6, "
        + "at word 8 '7'")]
    [InlineData("a 0 1 1 1", "the number of feature words exceeds the words that follow, "
        + "at word 8 '1'")]
    [InlineData("a 0 1 1 1 nonsense", "unrecognised flakey feature, at word 9 'nonsense'")]
    [InlineData("a 0 1 1 2 drop_writes error_writes",
        "drop_writes and error_writes exclude each other, at word 10 'error_writes'")]
    [InlineData("a 0 1 1 5 corrupt_bio_byte 0 r 1 0",
        "the number of the byte must be 1 to 4294967295, at word 10 '0'")]
    [InlineData("a 0 1 1 5 corrupt_bio_byte 1 x 1 0", "the direction must be r or w, "
        + "at word 11 'x'")]
    [InlineData("a 0 1 1 5 corrupt_bio_byte 1 r 256 0", "the value must be 0 to 255, "
        + "at word 12 '256'")]
    [InlineData("a 0 1 1 6 corrupt_bio_byte 1 w 1 0 drop_writes",
        "drop_writes and error_writes leave no write to corrupt, at word 14 'drop_writes'")]
    public void A_line_that_cannot_be_loaded_says_where_and_why(string arguments, string error) =>
        Should.Throw<TableException>(() => _bench.Map($"0 2048 flakey {arguments}")).Message
            .ShouldBe(error);

    private BlockStatus Do(MappedDevice map, bool write, BioFlags flags = BioFlags.None) =>
        Owner.StatusOf(Start(map, write, flags));

    private unsafe Bio Start(MappedDevice map, bool write, BioFlags flags = BioFlags.None)
    {
        Bio bio = write ? Owner.Write(0, Block, flags) : Owner.Read(0, Block);
        bio.Data = PinnedData.At(_memory);
        map.Submit(bio);
        _bench.Loop.Settle();
        return bio;
    }
}
