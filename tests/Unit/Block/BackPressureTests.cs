// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Block;

/// <summary>What a queue does when its driver says: not now.</summary>
public sealed class BackPressureTests
{
    private const long Ms = Loops.Ms;

    private readonly Bench _bench = new();

    private TestOwner Owner => _bench.Owner;

    [Theory]
    [InlineData(BlockStatus.Resource)]
    [InlineData(BlockStatus.DeviceResource)]
    public void A_refused_request_is_kept_and_asked_again_after_3_ms(BlockStatus refusal)
    {
        TestDevice device = _bench.Add("a");
        device.Answer = _ => refusal;
        Bio bio = _bench.Write(device);
        device.Refusals.ShouldBe(1);
        _bench.Loop.RunFor((3 * Ms) - 1);
        device.Refusals.ShouldBe(1);
        device.Answer = _ => BlockStatus.Ok;
        _bench.Loop.RunFor(1);
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
    }

    [Fact]
    public void It_asks_every_3_ms_for_as_long_as_it_takes()
    {
        TestDevice device = _bench.Add("a");
        device.Answer = _ => BlockStatus.Resource;
        Bio bio = _bench.Write(device);
        _bench.Loop.RunFor(300 * Ms);
        device.Refusals.ShouldBe(101);
        Owner.HasEnded(bio).ShouldBeFalse();
        device.Statistics.InFlight.ShouldBe(0);
    }

    [Fact]
    public void A_refused_request_is_sent_when_another_ends()
    {
        TestDevice device = _bench.Add("a");
        device.DelayNs = null;
        OneAtATime(device);
        device.Give(Owner.Write(0, 4096));
        device.Give(Owner.Write(65536, 4096));
        _bench.Loop.Settle();
        device.InFlight.Count.ShouldBe(1);
        device.CompleteFirst();
        _bench.Loop.Settle();
        device.Ranges.ShouldBe([(0, 4096), (65536, 4096)]);
    }

    [Fact]
    public void With_Resource_it_asks_again_even_while_others_are_in_flight()
    {
        // What is used up is shared with others: it may come back long before our own I/O ends.
        TestDevice device = _bench.Add("a");
        device.DelayNs = null;
        device.Give(Owner.Write(0, 4096));
        _bench.Loop.Settle();
        device.Answer = _ => BlockStatus.Resource;
        device.Give(Owner.Write(65536, 4096));
        _bench.Loop.Settle();
        device.Answer = _ => BlockStatus.Ok;
        _bench.Loop.RunFor(3 * Ms);
        device.InFlight.Count.ShouldBe(2);
    }

    [Fact]
    public void With_DeviceResource_it_waits_for_what_is_in_flight()
    {
        TestDevice device = _bench.Add("a");
        device.DelayNs = null;
        device.Give(Owner.Write(0, 4096));
        _bench.Loop.Settle();
        device.Answer = _ => BlockStatus.DeviceResource;
        device.Give(Owner.Write(65536, 4096));
        _bench.Loop.RunFor(100 * Ms);
        device.Refusals.ShouldBe(1);
    }

    [Theory]
    [InlineData(SchedulerKind.None)]
    [InlineData(SchedulerKind.Deadline)]
    public void A_refused_request_takes_no_more_bios_while_those_behind_it_merge(SchedulerKind kind)
    {
        TestDevice device = _bench.Add("a", new QueueOptions { Scheduler = kind });
        device.DelayNs = null;
        OneAtATime(device);
        for (int i = 0; i < 64; i++)
        {
            device.Give(Owner.Write(i * 4096, 4096));
            _bench.Loop.RunFor(3 * Ms);
        }
        for (int i = 0; i < 3; i++)
        {
            device.CompleteFirst();
            _bench.Loop.Settle();
        }
        device.Ranges.ShouldBe([(0, 4096), (4096, 4096), (8192, 62 * 4096)]);
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public void The_order_is_kept_behind_a_refused_request()
    {
        TestDevice device = _bench.Add("a");
        bool free = false;
        device.Answer = _ => free ? BlockStatus.Ok : BlockStatus.Resource;
        for (int i = 0; i < 5; i++) _bench.Write(device, i * 65536);
        free = true;
        _bench.Loop.RunFor(3 * Ms);
        device.Ranges.Select(range => range.Offset)
            .ShouldBe(Enumerable.Range(0, 5).Select(i => i * 65536L));
    }

    [Fact]
    public void A_driver_that_fails_a_request_at_once_ends_it_with_that_status()
    {
        TestDevice device = _bench.Add("a");
        device.Answer = request => request.Offset == 0 ? BlockStatus.Offline : BlockStatus.Ok;
        Bio failed = device.Give(Owner.Write(0, 4096));
        Bio fine = device.Give(Owner.Write(65536, 4096));
        _bench.Loop.Settle();
        Owner.StatusOf(failed).ShouldBe(BlockStatus.Offline);
        Owner.StatusOf(fine).ShouldBe(BlockStatus.Ok);
        device.Statistics.InFlight.ShouldBe(0);
        device.Queue.Tags.InUse.ShouldBe(0);
    }

    /// <summary>Scenario 42 of the kernel's transcripts.</summary>
    [Theory]
    [InlineData("0 32768 multipath 0 0 1 1 round-robin 0 2 1 a 1 b 1")]
    [InlineData("0 32768 multipath 0 0 1 1 service-time 0 2 2 a 1 1 b 1 1")]
    public void Sixty_four_writes_to_two_busy_paths_leave_as_8_8_8_and_488_sectors(string table)
    {
        TestDevice a = Slow("a");
        TestDevice b = Slow("b");
        var options = new QueueOptions { Scheduler = SchedulerKind.Deadline, Depth = 256 };
        MappedDevice map = _bench.Map(table, options);
        for (int i = 0; i < 64; i++)
        {
            map.Give(Owner.Write(i * 4096, 4096));
            _bench.Loop.RunFor(3 * Ms);
        }
        _bench.Loop.RunFor(2000 * Ms);
        Owner.ShouldAllHaveEnded();
        a.Sent.Select(sent => sent.Length / 512).ShouldBe([8, 8]);
        b.Sent.Select(sent => sent.Length / 512).ShouldBe([8, 488]);
        map.Statistics.WriteMerges.ShouldBe(60);
        map.Statistics.Writes.ShouldBe(4);
    }

    private static void OneAtATime(TestDevice device) => device.Answer = _ =>
        device.InFlight.Count > 0 ? BlockStatus.DeviceResource : BlockStatus.Ok;

    private TestDevice Slow(string name)
    {
        TestDevice device = _bench.Add(
            name, new QueueOptions { Depth = 1 }, new QueueLimits { MaxBytes = 512 * 1024 });
        device.DelayNs = 400 * Ms;
        return device;
    }
}
