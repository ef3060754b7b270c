// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Conformance;

/// <summary>
/// The disks of scenarios, alone: what they store, refuse, count and how long it takes.
/// </summary>
public sealed class DiskTests
{
    [Theory]
    [InlineData("disk a null")]
    [InlineData("disk a ram")]
    [InlineData("scsi a")]
    [InlineData("luns a=optimized")]
    public void A_disk_keeps_what_is_written(string disk) =>
        Ends(disk, "write a 8 8 7", "read a 8 8 7", "read a 8 8 6", "read a 16 8 7", "size a")
            .ShouldBe(["= 0", "| ok", "= 0", "| ok match", "= 0", "| ok mismatch", "= 3",
                "| ok zero", "= 3", "| 32768", "= 0"]);

    [Theory]
    [InlineData("scsi a b")]
    [InlineData("luns a=optimized b=nonoptimized")]
    public void Disks_of_one_step_share_their_store(string disks) =>
        Ends(disks, "write a 0 8 1", "read b 0 8 1").ShouldContain("| ok match");

    [Fact]
    public void Disks_of_two_steps_do_not() =>
        Ends("disk a null", "disk b null", "write a 0 8 1", "read b 0 8 1")
            .ShouldContain("| ok zero");

    [Fact]
    public void At_the_end_of_a_disk_I_O_is_short_or_fails()
    {
        Ends("disk a null size=1", "read a 2040 16 1", "write a 2048 8 1", "read a 2048 8 1",
            "io wn a 2040 8 2").ShouldBe(
            ["= 0", "| short 4096", "= 1", "| error ENOSPC", "= 1", "| short 0", "= 1",
                "| ok=1 failed=1 ENOSPC", "= 1"]);
    }

    [Fact]
    public void I_O_of_less_than_a_block_is_refused() =>
        Ends("disk a null blocksize=4096", "write a 1 8 1", "write a 0 1 1", "write a 8 8 1")
            .ShouldBe(["= 0", "| error EINVAL", "= 1", "| error EINVAL", "= 1", "| ok", "= 0"]);

    [Theory]
    [InlineData("disk a null")]
    [InlineData("disk a ram")]
    public void Bad_blocks_fail_what_touches_them_until_they_are_cleared(string disk) =>
        Ends(disk, "badblocks a +10-12", "read a 0 10 1", "read a 12 1 1", "read a 13 8 1",
            "badblocks a -12-12", "read a 12 1 1", "read a 11 1 1").ShouldBe(
            ["= 0", "= 0", "| ok zero", "= 3", "| error EIO", "= 1", "| ok zero", "= 3",
                "= 0", "| ok zero", "= 3", "| error EIO", "= 1"]);

    [Theory]
    [InlineData("disk a null", "| error EIO")]
    [InlineData("disk a ram", "| error EIO")]
    [InlineData("scsi a", "| open ENXIO")]
    [InlineData("luns a=optimized", "| error EIO")]
    public void A_broken_disk_fails_everything_until_it_is_fixed(string disk, string error) =>
        Ends(disk, "break a", "write a 0 8 1", "fix a", "write a 0 8 1")
            .ShouldBe(["= 0", "= 0", error, "= 1", "= 0", "| ok", "= 0"]);

    [Fact]
    public void A_mapped_disk_is_broken_by_a_table_of_errors_and_fixed_by_its_first() =>
        Ends("disk a null", "dm d 0 32768 linear @a 0", "break d", "table d", "write d 0 8 1",
            "fix d", "table d", "write d 0 8 1").ShouldBe(
            ["= 0", "= 0", "= 0", "| 0 32768 error ", "= 0", "| error EIO", "= 1", "= 0",
                "| 0 32768 linear @a 0", "= 0", "| ok", "= 0"]);

    [Theory]
    [InlineData("scsi a")]
    [InlineData("luns a=optimized")]
    public void An_unplugged_disk_is_gone(string disk) =>
        Ends(disk, "unplug a", "write a 0 8 1").ShouldBe(
            ["= 0", "= 0", "| open ENOENT", "= 1"]);

    [Fact]
    public void A_delay_holds_each_I_O_and_a_depth_of_one_holds_them_one_by_one()
    {
        // 20 ms each, one after the other: 10 take 200 ms and more.
        string[] steps =
        [
            "disk a null irqmode=2 completion_nsec=20000000 hw_queue_depth=1 max_sectors=8",
            "bg w io ws a 0 8 100", "wait w 1000", "wait w 1000",
        ];
        Ends(steps).ShouldBe(["= 0", "= pending", "= pending", "| ok=100", "= 0"]);
    }

    [Fact]
    public void The_kinds_of_I_O_differ_in_what_is_merged()
    {
        foreach ((string kind, string counts) in ((string, string)[])[
            ("wn", "writes=8 wmerged=0 wsectors=64"),
            ("ws", "writes=8 wmerged=0 wsectors=64"),
            ("wt", "writes=8 wmerged=0 wsectors=64"),
            ("wp", "writes=1 wmerged=7 wsectors=64"),
            ("wb", "writes=1 wmerged=7 wsectors=64")])
            Ends("disk a null", "mark a", $"io {kind} a 0 8 8", "count a", "count a").ShouldBe(
                ["= 0", "= 0", "| ok=8", "= 0",
                    $"| @a reads=0 rmerged=0 rsectors=0 {counts}", "= 0",
                    "| @a reads=0 rmerged=0 rsectors=0 writes=0 wmerged=0 wsectors=0", "= 0"]);
    }

    [Fact]
    public void A_buffered_write_of_a_part_of_a_page_reads_the_rest() =>
        Ends("disk a null", "write a 0 8 5", "mark a", "io wb a 0 1 1", "count a", "read a 1 7 5")
            .ShouldContain("| @a reads=1 rmerged=0 rsectors=8 writes=1 wmerged=0 wsectors=8");

    [Fact]
    public void Buffered_reads_read_ahead() =>
        Ends("disk a null", "mark a", "io rb a 0 4 8", "count a")
            .ShouldContain("| @a reads=2 rmerged=0 rsectors=96 writes=0 wmerged=0 wsectors=0");

    [Fact]
    public void A_sync_of_what_could_not_be_written_is_an_error() =>
        Ends("disk a null", "badblocks a +8-8", "io wb a 0 8 4")
            .ShouldBe(["= 0", "= 0", "| fsync EIO", "= 1"]);

    [Fact]
    public void Discards_are_done_where_the_disk_has_them()
    {
        Ends("disk a null discard=1", "write a 0 16 1", "discard a 0 8", "read a 0 8 1",
            "read a 8 8 1").ShouldContain("| ok zero");
        Ends("disk a null", "discard a 0 8").ShouldContain("| error EOPNOTSUPP");
        Ends("disk a null discard=1", "discard a 32768 8").ShouldContain("| error EINVAL");
    }

    [Fact]
    public void Zeroes_are_written_where_the_disk_cannot_do_it_itself() =>
        Ends("disk a null size=8", "write a 8 8 1", "zeroout a 0 16384", "read a 8 8 1")
            .ShouldBe(["= 0", "| ok", "= 0", "| ok", "= 0", "| ok zero", "= 3"]);

    [Fact]
    public void A_flush_goes_to_a_disk_with_a_cache() =>
        Ends("disk a null cache_size=1", "disk b null", "mark a b", "flush a", "flush b",
            "count a b").ShouldBe(
            ["= 0", "= 0", "= 0", "| ok", "= 0", "| ok", "= 0",
                "| @a reads=0 rmerged=0 rsectors=0 writes=1 wmerged=0 wsectors=0 flushes=1",
                "| @b reads=0 rmerged=0 rsectors=0 writes=0 wmerged=0 wsectors=0", "= 0"]);

    [Fact]
    public void A_medium_error_of_scsi_is_met_by_reads_alone() =>
        Ends("scsi a opts=2", "read a 4660 8 1", "write a 4660 8 1", "scsiopt opts 0",
            "read a 4660 8 1").ShouldBe(
            ["= 0", "| error ENODATA", "= 1", "| ok", "= 0", "= 0", "| ok match", "= 0"]);

    [Theory]
    [InlineData("queue/scheduler", "| [none] mq-deadline ")]
    [InlineData("size", "| 32768")]
    [InlineData("ro", "| 0")]
    [InlineData("queue/logical_block_size", "| 1024")]
    [InlineData("queue/max_sectors_kb", "| 128")]
    [InlineData("queue/write_cache", "| write back")]
    [InlineData("queue/fua", "| 1")]
    [InlineData("queue/discard_max_bytes", "| 4294966784")]
    public void The_attributes_of_a_disk_can_be_read(string file, string value) =>
        Ends("disk a null blocksize=1024 max_sectors=256 cache_size=1 discard=1",
            $"attr a {file}").ShouldBe(["= 0", value, "= 0"]);

    [Fact]
    public void The_scheduler_of_a_disk_can_be_chosen() =>
        Ends("disk a null", "attr a queue/scheduler none", "attr a queue/scheduler",
            "disk r ram", "attr r queue/scheduler").ShouldBe(
            ["= 0", "= 0", "| [none] mq-deadline ", "= 0", "= 0", "| none", "= 0"]);

    [Fact]
    public void A_device_that_is_held_is_not_removed() =>
        Ends("disk a null", "create x 0 8 linear @a 0", "hold x", "hold x", "release x",
            "remove x", "release x", "release x", "remove x").ShouldBe(
            ["= 0", "= 0", "= 0", "= 0", "= 0", "| braid: @x is in use", "= 1", "= 0",
                "| braid: '@x' is not held", "= 1", "= 0"]);

    /// <summary>Output and status of the steps, without the steps.</summary>
    private static IReadOnlyList<string> Ends(params string[] steps) =>
        [.. PlayerTests.Play(steps).Where(line => line[0] is '|' or '=')];
}
