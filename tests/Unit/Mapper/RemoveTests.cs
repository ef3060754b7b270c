// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Mapper;

/// <summary>What keeps a device from being removed, and what is left of it afterwards.</summary>
public sealed class RemoveTests
{
    private const string Requests =
        "0 2048 multipath 1 queue_if_no_path 0 1 1 round-robin 0 1 1 a 1";
    private const string Bios = "0 2048 linear a 0";

    private readonly Bench _bench = new();
    private readonly TestDevice _a;

    public RemoveTests() => _a = _bench.Add("a");

    private TestOwner Owner => _bench.Owner;

    [Fact]
    public void A_device_that_somebody_has_open_stays()
    {
        MappedDevice map = _bench.Map(Requests);
        map.Open();
        map.Open();
        map.Close();
        Should.Throw<DeviceBusyException>(map.Remove).Message.ShouldBe("mp is in use");
        _a.OpenCount.ShouldBe(1);
        map.Close();
        map.Remove();
        _a.OpenCount.ShouldBe(0);
    }

    [Theory]
    [InlineData(Requests)]
    [InlineData(Bios)]
    public void A_device_with_I_O_in_flight_stays_until_it_has_ended(string table)
    {
        _a.DelayNs = null;
        MappedDevice map = _bench.Map(table);
        _bench.Write(map);
        Should.Throw<DeviceBusyException>(map.Remove).Message
            .ShouldBe("mp has I/O that has not ended");
        _a.CompleteFirst();
        Owner.ShouldAllHaveEnded();
        map.Remove();
    }

    [Fact]
    public void A_device_with_I_O_that_waits_for_a_path_stays()
    {
        MappedDevice map = _bench.Map(Requests);
        map.Message("fail_path a");
        Bio bio = _bench.Write(map);
        Should.Throw<DeviceBusyException>(map.Remove);
        map.Message("fail_if_no_path");
        _bench.Loop.Settle();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.IoError);
        map.Remove();
    }

    [Theory]
    [InlineData(Requests)]
    [InlineData(Bios)]
    public void A_suspended_device_with_I_O_that_waits_stays(string table)
    {
        MappedDevice map = _bench.Map(table);
        map.Suspend().ShouldBeDone();
        Bio bio = _bench.Write(map);
        Should.Throw<DeviceBusyException>(map.Remove);
        map.Resume().ShouldBeDone();
        Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
        map.Suspend().ShouldBeDone();
        map.Remove();
    }

    [Theory]
    [InlineData(Requests)]
    [InlineData(Bios)]
    public void I_O_of_a_removed_device_fails_and_nothing_is_sent(string table)
    {
        MappedDevice map = _bench.Map(table);
        map.Remove();
        Owner.StatusOf(_bench.Write(map)).ShouldBe(BlockStatus.IoError);
        Owner.StatusOf(map.Give(Owner.Flush())).ShouldBe(BlockStatus.IoError);
        _a.Sent.ShouldBeEmpty();
        (map.SizeBytes, map.InFlight).ShouldBe((0, 0));
    }

    [Fact]
    public void Whoever_waits_for_an_event_is_woken()
    {
        MappedDevice map = _bench.Map(Requests);
        int woken = 0;
        map.OnNextEvent(() => woken++);
        map.Remove();
        woken.ShouldBe(1);
    }

    [Fact]
    public void Nothing_that_a_removed_device_had_armed_is_left()
    {
        _bench.QueueTimeoutNs = 5_000 * Loops.Ms;
        MappedDevice map = _bench.Map(Requests);
        map.Message("fail_path a");
        map.Remove();
        _bench.Loop.RunFor(60_000 * Loops.Ms);
        _bench.Log.ShouldBe(["Failing path a."]);
        _bench.Loop.Timers.Count.ShouldBe(0);
    }
}
