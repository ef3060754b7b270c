// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Mapper;

/// <summary>Tables of linear and error targets: reading, refusing, mapping, printing.</summary>
public sealed class TableTests
{
    private readonly Bench _bench = new();

    public TableTests()
    {
        _bench.Add("a");
        _bench.Add("b", sizeBytes: 1 << 20);
    }

    private TestOwner Owner => _bench.Owner;

    [Theory]
    [InlineData("", "the table is empty")]
    [InlineData(" \n\t\n", "the table is empty")]
    [InlineData("x 8 error", "the start sector must be a number of sectors, at word 1 'x'")]
    [InlineData("0", "the length is missing, at the end")]
    [InlineData("0 -8 error", "the length must be a number of sectors, at word 2 '-8'")]
    [InlineData("0 0 error", "the length must be 1 to 18014398509481983, at word 2 '0'")]
    [InlineData("0 8", "the target type is missing, at the end")]
    [InlineData("8 8 error", "the target must start at 0, at word 1 '8'")]
    [InlineData("0 8 error\n9 8 error", "the target must start at 8, at line 2, word 1 '9'")]
    [InlineData("0 8 error\n7 8 error", "the target must start at 8, at line 2, word 1 '7'")]
    [InlineData("0 8 nosuch", "unknown target type, known are linear, error, zero, "
        + "delay, flakey, multipath, at word 3 'nosuch'")]
    [InlineData("0 8 Error", "unknown target type, known are linear, error, zero, "
        + "delay, flakey, multipath, at word 3 'Error'")]
    [InlineData("0 8 linear", "the device is missing, at the end")]
    [InlineData("0 8 linear nosuch 0", "no device nosuch, at word 4 'nosuch'")]
    [InlineData("0 8 linear a", "the start sector of the device is missing, at the end")]
    [InlineData("0 8 linear a x", "the start sector of the device must be a number of sectors, "
        + "at word 5 'x'")]
    [InlineData("0 8 linear a 0 1", "linear takes no more words, at word 5 '0'")]
    [InlineData(
        "0 32769 linear a 0", "a is too small for target: start=0, len=32769, dev_size=32768")]
    [InlineData(
        "0 8 linear a 32761", "a is too small for target: start=32761, len=8, dev_size=32768")]
    public void A_table_that_cannot_be_loaded_says_where_and_why(string table, string error) =>
        Should.Throw<TableException>(() => _bench.Map(table)).Message.ShouldBe(error);

    [Theory]
    [InlineData("0 18014398509481983 error", true)]
    [InlineData("0 18014398509481984 error", false)]
    [InlineData("0 99999999999999999999 error", false)]
    [InlineData("0 8 linear a 36028797018963968", false)]
    [InlineData("0 8 linear a 999999999999999999", false)]
    public void Sectors_beyond_the_largest_device_are_refused(string table, bool loads)
    {
        if (loads) _bench.Map(table).SizeBytes.ShouldBe(long.MaxValue - 511);
        else Should.Throw<TableException>(() => _bench.Map(table));
    }

    [Fact]
    public void Blank_lines_and_blanks_do_not_matter()
    {
        MappedDevice map = _bench.Map("\n0  8\tlinear a   16\r\n\n8 8 error\n");
        map.Table!.Describe().ShouldBe("0 8 linear a 16\n8 8 error ");
        map.Table!.Status().ShouldBe("0 8 linear \n8 8 error ");
        map.SizeBytes.ShouldBe(16 * 512);
    }

    [Fact]
    public void A_linear_target_moves_its_range()
    {
        var a = (TestDevice)_bench.Find("a");
        var b = (TestDevice)_bench.Find("b");
        MappedDevice map = _bench.Map("0 16 linear a 100\n16 16 linear b 8\n32 8 linear a 0");
        _bench.Write(map, 0, 512);
        _bench.Write(map, 15 * 512, 512);
        _bench.Write(map, 16 * 512, 512);
        _bench.Write(map, 32 * 512, 512);
        Owner.ShouldAllHaveEnded();
        a.Ranges.Select(range => range.Offset / 512).ShouldBe([100, 115, 0]);
        b.Ranges.Select(range => range.Offset / 512).ShouldBe([8]);
    }

    [Fact]
    public void A_bio_over_all_targets_is_cut_at_each_border()
    {
        var a = (TestDevice)_bench.Find("a");
        var b = (TestDevice)_bench.Find("b");
        MappedDevice map = _bench.Map("0 16 linear a 100\n16 16 linear b 8\n32 8 linear a 0");
        Bio bio = _bench.Write(map, 8 * 512, 30 * 512);
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        a.Ranges.Order().ShouldBe([(0, 6 * 512), (108 * 512, 8 * 512)]);
        b.Ranges.ShouldBe([(8 * 512, 16 * 512)]);
    }

    [Fact]
    public void An_error_target_fails_everything_and_its_neighbours_nothing()
    {
        MappedDevice map = _bench.Map("0 16 linear a 0\n16 16 error");
        Owner.StatusOf(_bench.Write(map, 0, 512)).ShouldBe(BlockStatus.Ok);
        Owner.StatusOf(_bench.Write(map, 16 * 512, 512)).ShouldBe(BlockStatus.IoError);
        Owner.StatusOf(_bench.Write(map, 15 * 512, 1024)).ShouldBe(BlockStatus.IoError);
        Owner.StatusOf(map.Give(Owner.Read(31 * 512, 512))).ShouldBe(BlockStatus.IoError);
    }

    [Fact]
    public void A_device_of_one_error_target_takes_bios_and_fails_everything()
    {
        MappedDevice map = _bench.Map("0 16 error");
        map.Queue.ShouldBeNull();
        Owner.StatusOf(_bench.Write(map, 0, 512)).ShouldBe(BlockStatus.IoError);
        map.InFlight.ShouldBe(0);
    }

    [Fact]
    public void Targets_that_take_no_messages_say_so()
    {
        Should.Throw<MessageException>(() => _bench.Map("0 8 linear a 0").Message("x"))
            .Message.ShouldBe("the linear target takes no messages");
        Should.Throw<MessageException>(() => _bench.Map("0 8 error").Message("x"))
            .Message.ShouldBe("the error target takes no messages");
    }

    [Fact]
    public void A_mapped_device_may_lie_over_others()
    {
        MappedDevice inner = _bench.Map("0 16 linear a 100\n16 16 error", name: "inner");
        _bench.Add(inner);
        MappedDevice outer = _bench.Map("0 24 linear inner 4");
        Owner.StatusOf(_bench.Write(outer, 0, 512)).ShouldBe(BlockStatus.Ok);
        ((TestDevice)_bench.Find("a")).Ranges.Single().Offset.ShouldBe(104 * 512);
        Owner.StatusOf(_bench.Write(outer, 12 * 512, 512)).ShouldBe(BlockStatus.IoError);
    }

    [Fact]
    public void The_limits_are_those_that_all_devices_have()
    {
        _bench.Add("c", limits: new QueueLimits { MaxBytes = 8192, WriteCache = true });
        _bench.Add("d", limits: new QueueLimits { MaxBytes = 4096, LogicalBlockSize = 4096 });
        MappedDevice map = _bench.Map("0 8 linear c 0\n8 8 linear d 0");
        map.Limits.ShouldBe(new QueueLimits
        {
            MaxBytes = 4096, LogicalBlockSize = 4096, WriteCache = true,
        });
    }

    [Fact]
    public void Devices_that_were_not_reached_yet_do_not_count_for_the_limits()
    {
        _bench.Add(new TestDevice(_bench.Loop, "late", start: false));
        _bench.Add("c", limits: new QueueLimits { MaxBytes = 8192 });
        _bench.Map("0 8 linear late 0\n8 8 linear c 0").Limits.MaxBytes.ShouldBe(8192);
        QueueLimits none = _bench.Map("0 8 linear late 0").Limits;
        none.WriteCache.ShouldBeTrue();
        none.LogicalBlockSize.ShouldBe(512);
        none.MaxBytes.ShouldBe(1 << 20);
    }

    [Fact]
    public void The_target_of_an_offset_is_found_among_thousands()
    {
        var entries = new List<TargetEntry>();
        long at = 0;
        for (int i = 0; i < 4000; i++)
        {
            long length = 512 * (1 + (i % 7));
            entries.Add(new TargetEntry(at, length, new ErrorTarget()));
            at += length;
        }
        var table = new Table(entries);
        table.SizeBytes.ShouldBe(at);
        foreach (TargetEntry entry in entries)
        {
            table.Find(entry.Offset).ShouldBeSameAs(entry);
            table.Find(entry.End - 1).ShouldBeSameAs(entry);
        }
    }

    [Fact]
    public void A_table_has_a_bound()
    {
        string lines = string.Join('\n', Enumerable.Range(0, 4097).Select(i => $"{i} 1 error"));
        Should.Throw<TableException>(() => _bench.Map(lines)).Message
            .ShouldBe("too many targets");
    }
}
