// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Mapper;

public sealed class MappedDeviceTests
{
    private readonly Bench _bench = new();

    [Fact]
    public void What_a_device_has_not_is_refused_in_both_modes()
    {
        _bench.Add("a");
        foreach (string table in (string[])["0 8 linear a 0", "0 8 error"])
        {
            MappedDevice map = _bench.Map(table);
            Refusal(map, _bench.Owner.Read(8 * 512, 512)).ShouldBe(BlockStatus.IoError);
            Refusal(map, _bench.Owner.Make(BlockOperation.Discard, 0, 512))
                .ShouldBe(BlockStatus.NotSupported);
        }
    }

    [Fact]
    public void An_event_is_counted_and_told_once_to_who_waits()
    {
        _bench.Add("a");
        MappedDevice map = _bench.Map("0 8 linear a 0");
        var told = new List<string>();
        map.OnNextEvent(() => told.Add("first"));
        map.OnNextEvent(() =>
        {
            told.Add("second");
            map.OnNextEvent(() => told.Add("third"));
        });
        map.EventNumber.ShouldBe(0u);
        map.RaiseEvent();
        map.EventNumber.ShouldBe(1u);
        told.ShouldBe(["first", "second"]);
        map.RaiseEvent();
        map.RaiseEvent();
        told.ShouldBe(["first", "second", "third"]);
        map.EventNumber.ShouldBe(3u);
    }

    [Fact]
    public void Messages_go_to_the_target_at_the_start()
    {
        TestDevice below = _bench.Add("a");
        MappedDevice map = _bench.Map(new QueueOptions(), new TestTarget(below));
        Should.Throw<MessageException>(() => map.Message("do it now")).Message
            .ShouldBe("do+it+now");
    }

    [Fact]
    public void In_flight_is_what_has_not_ended()
    {
        TestDevice below = _bench.Add("a");
        below.DelayNs = null;
        foreach (string table in (string[])["0 2048 linear a 0",
            "0 2048 multipath 0 0 1 1 round-robin 0 1 1 a 1"])
        {
            MappedDevice map = _bench.Map(table);
            for (int i = 0; i < 3; i++) _bench.Write(map, i * 65536);
            map.InFlight.ShouldBe(3);
            below.CompleteAll();
            map.InFlight.ShouldBe(0);
        }
    }

    private BlockStatus Refusal(MappedDevice map, Bio bio)
    {
        map.Submit(bio);
        return _bench.Owner.StatusOf(bio);
    }
}
