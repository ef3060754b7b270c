// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Multipath;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Multipath;

/// <summary>Reading multipath lines, and messages; what is printed is in the transcripts.</summary>
public sealed class MultipathTableTests
{
    private readonly Bench _bench = new();

    public MultipathTableTests()
    {
        _bench.Add("a");
        _bench.Add("b");
        _bench.Add("small", sizeBytes: 512 * 1024);
    }

    [Theory]
    [InlineData("9 queue_if_no_path 0 1 1 round-robin 0 1 1 a 1",
        "the number of feature words must be 0 to 8, at word 4 '9'")]
    [InlineData("8 queue_if_no_path", "the number of feature words exceeds the words that follow, "
        + "at word 4 '8'")]
    [InlineData("1 pg_init_retries 0 1 1 round-robin 0 1 1 a 1",
        "pg_init_retries must be 1 to 50, at word 6 '0'")]
    [InlineData("2 pg_init_retries 51 0 1 1 round-robin 0 1 1 a 1",
        "pg_init_retries must be 1 to 50, at word 6 '51'")]
    [InlineData("2 pg_init_delay_msecs 60001 0 1 1 round-robin 0 1 1 a 1",
        "pg_init_delay_msecs must be 0 to 60000, at word 6 '60001'")]
    [InlineData("2 queue_mode fast 0 1 1 round-robin 0 1 1 a 1",
        "the queue mode must be bio, rq or mq, at word 6 'fast'")]
    [InlineData("1 nonsense 0 1 1 round-robin 0 1 1 a 1",
        "unrecognised multipath feature, at word 5 'nonsense'")]
    [InlineData("0 1 alua 1 1 round-robin 0 1 1 a 1",
        "error attaching hardware handler: the device takes no hardware handler, at word 13 'a'")]
    [InlineData("0 0 1025 1", "the number of priority groups must be 0 to 1024, at word 6 '1025'")]
    [InlineData("0 0 1 0 round-robin 0 1 1 a 1", "invalid initial priority group, at word 7 '0'")]
    [InlineData("0 0 0 1", "invalid initial priority group, at word 7 '1'")]
    [InlineData("0 0 1 1 random 0 1 1 a 1", "unknown path selector type, known are round-robin, "
        + "queue-length, service-time, historical-service-time, io-affinity, at word 8 'random'")]
    [InlineData("0 0 1 1 round-robin 0 0 1", "the number of paths must be 1 to 1024, "
        + "at word 10 '0'")]
    [InlineData("0 0 1 1 round-robin 0 2 1 a 1",
        "not enough path parameters in priority group, at word 11 '1'")]
    [InlineData("0 0 1 1 round-robin 0 1 1 nosuch 1", "no device nosuch, at word 12 'nosuch'")]
    [InlineData("0 0 1 1 round-robin 0 1 1 small 1",
        "small is too small for target: start=0, len=2048, dev_size=1024")]
    [InlineData("0 0 1 1 round-robin 0 1 1 a x", "round-robin: invalid repeat count, "
        + "at word 13 'x'")]
    [InlineData("0 0 1 1 round-robin 0 1 1 a 1 extra", "priority group count mismatch, "
        + "at word 13 '1'")]
    public void A_line_that_cannot_be_loaded_says_where_and_why(string arguments, string error) =>
        Should.Throw<TableException>(() => _bench.Map($"0 2048 multipath {arguments}"))
            .Message.ShouldBe(error);

    [Fact]
    public void In_bio_mode_a_hardware_handler_is_ignored()
    {
        MappedDevice map = _bench.Map(
            "0 2048 multipath 2 queue_mode bio 1 alua 1 1 round-robin 0 1 1 a 1");
        map.Table!.Describe().ShouldBe("0 2048 multipath 3 retain_attached_hw_handler "
            + "queue_mode bio 0 1 1 round-robin 0 1 1 a 1 ");
        _bench.Log.ShouldBe(["bio-based multipath doesn't allow hardware handler args"]);
    }

    [Fact]
    public void A_thousand_paths_in_a_thousand_groups_load()
    {
        string groups = string.Concat(
            Enumerable.Repeat("round-robin 0 1 0 a ", 1024));
        MappedDevice map = _bench.Map($"0 2048 multipath 0 0 1024 1024 {groups}");
        map.Multipath().Groups.Count.ShouldBe(1024);
        map.Multipath().ValidPaths.ShouldBe(1024);
        string paths = string.Concat(Enumerable.Repeat("b ", 1024));
        _bench.Map($"0 2048 multipath 0 0 1 1 round-robin 0 1024 0 {paths}")
            .Multipath().Groups[0].Paths.Count.ShouldBe(1024);
    }

    [Theory]
    [InlineData("")]
    [InlineData("bogus")]
    [InlineData("bogus 1")]
    [InlineData("fail_path")]
    [InlineData("fail_path a b")]
    [InlineData("fail_path b")]
    [InlineData("fail_path nosuch")]
    [InlineData("reinstate_path nosuch")]
    [InlineData("queue_if_no_path 1")]
    [InlineData("switch_group")]
    [InlineData("switch_group 0")]
    [InlineData("switch_group 2")]
    [InlineData("switch_group x")]
    [InlineData("switch_group 1x")]
    [InlineData("disable_group -1")]
    [InlineData("enable_group 2")]
    public void A_message_that_cannot_be_followed_is_refused_and_changes_nothing(string message)
    {
        MappedDevice map = _bench.Map("0 2048 multipath 0 0 1 1 round-robin 0 1 1 a 1");
        string before = map.Table!.Describe() + map.Table!.Status();
        Should.Throw<MessageException>(() => map.Message(message));
        (map.Table!.Describe() + map.Table!.Status()).ShouldBe(before);
        map.EventNumber.ShouldBe(0u);
    }

    [Fact]
    public void Names_of_messages_ignore_case_and_numbers_wrap_as_the_kernels()
    {
        MappedDevice map = _bench.Map("0 2048 multipath 0 0 1 1 round-robin 0 1 1 a 1");
        map.Message("Fail_Path a");
        map.Multipath().ValidPaths.ShouldBe(0);
        map.Message("REINSTATE_PATH a");
        map.Message("Queue_If_No_Path");
        map.Multipath().Features.QueueIfNoPath.ShouldBeTrue();
        map.Message("switch_group 4294967297");
        map.EventNumber.ShouldBe(3u);
    }

    [Fact]
    public void In_flight_numbers_are_in_the_status()
    {
        foreach (string name in (string[])["a", "b"])
            ((TestDevice)_bench.Find(name)).DelayNs = null;
        MappedDevice map = _bench.Map(
            "0 2048 multipath 0 0 1 1 service-time 0 2 2 a 1 3 b 1 1");
        for (int i = 0; i < 8; i++) _bench.Write(map, i * 65536);
        map.Table!.Status().ShouldBe(
            "0 2048 multipath 2 0 0 0 1 1 A 0 2 2 a A 0 24576 3 b A 0 8192 1 ");
        // A failed path goes on counting what is in flight on it.
        map.Message("fail_path a");
        map.Table!.Status().ShouldContain(" a F 1 24576 3 ");
        ((TestDevice)_bench.Find("a")).CompleteAll();
        ((TestDevice)_bench.Find("b")).CompleteAll();
        map.Table!.Status().ShouldContain(" a F 1 0 3 b A 0 0 1 ");
    }

    [Fact]
    public void A_group_stays_active_until_an_I_O_has_found_no_path()
    {
        MappedDevice map = _bench.Map("0 2048 multipath 0 0 1 1 round-robin 0 2 1 a 1 b 1");
        _bench.Write(map);
        map.Message("fail_path a");
        map.Message("fail_path b");
        map.Table!.Status().ShouldBe("0 2048 multipath 2 0 0 0 1 1 A 0 2 0 a F 1 b F 1 ");
        _bench.Write(map);
        map.Table!.Status().ShouldBe("0 2048 multipath 2 0 0 0 1 1 E 0 2 0 a F 1 b F 1 ");
    }
}
