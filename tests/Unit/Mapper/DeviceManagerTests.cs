// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Mapper;

/// <summary>The mapped devices of a loop by name.</summary>
public sealed class DeviceManagerTests
{
    private readonly Bench _bench = new();
    private readonly DeviceManager _devices;

    public DeviceManagerTests()
    {
        _bench.Add("a");
        _devices = new DeviceManager(
            _bench.Loop, _bench.Types, _bench, new QueueOptions(), _bench);
    }

    [Fact]
    public void A_device_is_there_from_its_creation_to_its_removal()
    {
        MappedDevice made = _devices.Create("x", "0 8 linear a 0");
        _devices.Create("b", "0 8 error");
        _devices.Get("x").ShouldBeSameAs(made);
        _devices.All.Select(device => device.Name).ShouldBe(["b", "x"]);
        _devices.Remove("x");
        _devices.Has("x").ShouldBeFalse();
        Should.Throw<DeviceNameException>(() => _devices.Get("x")).Message
            .ShouldBe("no device 'x'");
        _devices.Create("x", "0 8 zero").ShouldNotBeSameAs(made);
    }

    [Fact]
    public void A_name_is_taken_once()
    {
        _devices.Create("x", "0 8 zero");
        Should.Throw<DeviceNameException>(() => _devices.Create("x", "0 8 zero")).Message
            .ShouldBe("there is a device 'x' already");
    }

    [Theory]
    [InlineData("")]
    [InlineData("0 8 nosuch")]
    [InlineData("0 65536 linear a 0")]
    [InlineData("0 8 linear x 0")]
    public void Without_a_table_that_loads_there_is_no_device(string table)
    {
        Should.Throw<TableException>(() => _devices.Create("x", table));
        _devices.Has("x").ShouldBeFalse();
        _bench.Find("a").OpenCount.ShouldBe(0);
    }

    [Fact]
    public void A_mapped_device_is_found_before_a_path_of_its_name()
    {
        MappedDevice over = _devices.Create("a", "0 8 linear a 0");
        MappedDevice top = _devices.Create("top", "0 8 linear a 0");
        top.Table!.Devices.ShouldBe([over]);
        over.OpenCount.ShouldBe(1);
    }

    [Fact]
    public void A_device_that_another_lies_over_stays()
    {
        _devices.Create("low", "0 8 linear a 0");
        _devices.Create("top", "0 8 linear low 0");
        Should.Throw<DeviceBusyException>(() => _devices.Remove("low"));
        _devices.Has("low").ShouldBeTrue();
        _devices.Remove("top");
        _devices.Remove("low");
        _bench.Find("a").OpenCount.ShouldBe(0);
    }

    [Fact]
    public void A_table_that_was_only_loaded_holds_what_lies_below_too()
    {
        _devices.Create("low", "0 8 linear a 0");
        _devices.Create("top", "0 8 linear a 0");
        _devices.Load("top", "0 8 linear low 0");
        Should.Throw<DeviceBusyException>(() => _devices.Remove("low"));
        _devices.Get("top").Clear();
        _devices.Remove("low");
    }

    [Fact]
    public void A_table_that_is_refused_lets_its_devices_go()
    {
        _devices.Create("low", "0 8 linear a 0");
        _devices.Create("top", "0 8 linear low 0");
        Should.Throw<TableException>(() => _devices.Load("low", "0 8 linear top 0"));
        _devices.Get("top").OpenCount.ShouldBe(0);
    }

    [Fact]
    public void A_renamed_device_is_found_by_its_new_name_and_prints_it_above()
    {
        MappedDevice low = _devices.Create("low", "0 8 linear a 0");
        MappedDevice top = _devices.Create("top", "0 8 linear low 0");
        _devices.Rename("low", "deep");
        _devices.Has("low").ShouldBeFalse();
        _devices.Get("deep").ShouldBeSameAs(low);
        top.Table!.Describe().ShouldBe("0 8 linear deep 0");
    }

    [Theory]
    [InlineData("nosuch", "new", "no device 'nosuch'")]
    [InlineData("x", "y", "there is a device 'y' already")]
    [InlineData("x", "x", "there is a device 'x' already")]
    public void A_rename_that_cannot_be_changes_nothing(string name, string newName, string error)
    {
        _devices.Create("x", "0 8 zero");
        _devices.Create("y", "0 8 zero");
        Should.Throw<DeviceNameException>(() => _devices.Rename(name, newName)).Message
            .ShouldBe(error);
        _devices.All.Select(device => device.Name).ShouldBe(["x", "y"]);
    }
}
