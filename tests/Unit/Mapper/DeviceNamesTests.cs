// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Mapper;

/// <summary>Devices by name, and those above others.</summary>
public sealed class DeviceNamesTests
{
    private readonly Bench _bench = new();
    private readonly Observer _observer = new();
    private readonly DeviceManager _devices;

    public DeviceNamesTests()
    {
        _bench.Add("a");
        _devices = new DeviceManager(
            _bench.Loop, TargetTypes.All, _bench, new QueueOptions(), _observer);
    }

    [Fact]
    public void A_device_has_the_lowest_number_that_is_free()
    {
        foreach (string name in (string[])["x", "y", "z"]) _devices.Create(name, "0 8 zero");
        _devices.Remove("y");
        _devices.Create("new", "0 8 zero").Number.ShouldBe(1);
        _devices.Create("next", "0 8 zero").Number.ShouldBe(3);
    }

    [Fact]
    public void Those_above_a_device_are_known_also_by_tables_in_waiting()
    {
        MappedDevice x = _devices.Create("x", "0 8 linear a 0\n8 8 linear a 8");
        MappedDevice y = _devices.Create("y", "0 8 zero");
        _devices.Load("y", "0 8 linear a 0");
        _devices.Create("z", "0 8 linear x 0");
        _devices.Above(_bench.Find("a")).ShouldBe([x, y]);
        _devices.Above(y).ShouldBeEmpty();
    }

    [Fact]
    public void Devices_that_share_what_is_below_are_looked_through_once()
    {
        _devices.Create("m0", "0 8 zero");
        _devices.Create("m1", "0 8 zero");
        // Each over the two before: as many ways down as Fibonacci's rabbits.
        for (int i = 2; i < 60; i++)
            _devices.Create($"m{i}", $"0 8 linear m{i - 1} 0\n8 8 linear m{i - 2} 0");
        Should.Throw<TableException>(() => _devices.Load("m0", "0 8 linear m59 0"))
            .Message.ShouldBe("m0 would be below itself");
        _devices.Load("m59", "0 8 linear m0 0");
    }

    [Fact]
    public void A_table_that_is_objected_to_is_dropped_and_the_old_one_goes_on()
    {
        MappedDevice x = _devices.Create("x", "0 16 linear a 0");
        _devices.Load("x", "0 8 linear a 0");
        _observer.Says = "somebody needs it";
        TableException? problem = null;
        x.Resume(noFlush: false, error => problem = error);
        _bench.Loop.Settle();
        problem!.Message.ShouldBe("somebody needs it");
        x.IsSuspended.ShouldBeFalse();
        x.InactiveTable.ShouldBeNull();
        x.SizeBytes.ShouldBe(16 * 512);
        _bench.Owner.StatusOf(_bench.Write(x, 4096)).ShouldBe(BlockStatus.Ok);
        _bench.Find("a").OpenCount.ShouldBe(1);
    }

    [Fact]
    public void A_waiter_that_was_forgotten_is_not_told()
    {
        MappedDevice x = _devices.Create("x", "0 8 zero");
        int told = 0;
        void Tell() => told++;
        x.OnNextEvent(Tell);
        x.ForgetWaiter(Tell);
        x.RaiseEvent();
        told.ShouldBe(0);
    }

    private sealed class Observer : IMapObserver
    {
        public string? Says { get; set; }

        public void OnLog(MappedDevice map, string text)
        {
            // Not of interest here.
        }

        public void OnPathChanged(
            MappedDevice map, BlockDevice path, bool isActive, int validPaths)
        {
            // Nor this.
        }

        public string? Objection(MappedDevice map, long sizeBytes, QueueLimits limits) => Says;
    }
}
