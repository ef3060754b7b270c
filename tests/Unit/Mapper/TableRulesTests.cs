// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Mapper;

/// <summary>What a device's first table decides for good, and what may lie over what.</summary>
public sealed class TableRulesTests
{
    private readonly Bench _bench = new();

    public TableRulesTests()
    {
        _bench.Add("a");
        _bench.Add("b");
    }

    [Theory]
    [InlineData("0 8 linear a 0", TargetKinds.Bio)]
    [InlineData("0 8 error", TargetKinds.Bio)]
    [InlineData("0 8 zero\n8 8 error", TargetKinds.Bio)]
    [InlineData("0 8 multipath 0 0 0 0", TargetKinds.Request)]
    [InlineData("0 8 multipath 2 queue_mode bio 0 0 0", TargetKinds.Bio)]
    public void The_first_table_decides_on_requests_or_bios(string table, TargetKinds kind)
    {
        MappedDevice map = _bench.Map(table);
        map.Kind.ShouldBe(kind);
        (map.Queue is not null).ShouldBe(kind == TargetKinds.Request);
    }

    [Theory]
    [InlineData("0 8 multipath 0 0 0 0\n8 8 linear a 0")]
    [InlineData("0 8 multipath 0 0 0 0\n8 8 multipath 2 queue_mode bio 0 0 0")]
    [InlineData("0 8 multipath 0 0 0 0\n8 8 multipath 0 0 0 0")]
    [InlineData("0 8 multipath 0 0 0 0\n8 8 error")]
    [InlineData("0 8 multipath 2 queue_mode bio 0 0 0\n8 8 error")]
    [InlineData("0 8 zero\n8 8 multipath 2 queue_mode bio 0 0 0")]
    public void A_multipath_goes_together_with_nothing(string table) =>
        Should.Throw<TableException>(() => _bench.Map(table)).Message
            .ShouldBe("a table with a target of type multipath has no other target");

    /// <summary>As targets made by hand, of which no parser has said whether they fit.</summary>
    [Fact]
    public void Targets_that_do_not_go_together_are_refused()
    {
        ITarget onRequests = Multipath("0 8 multipath 0 0 0 0");
        ITarget onBios = Multipath("0 8 multipath 2 queue_mode bio 0 0 0");
        Refusal(onRequests, onBios)
            .ShouldBe("targets on requests and targets on bios cannot be mixed");
        Refusal(onRequests, new ErrorTarget()).ShouldBe("a request-based device has one target");
    }

    private string Refusal(params ITarget[] targets) =>
        Should.Throw<TableException>(() => _bench.Map(new QueueOptions(), targets)).Message;

    private ITarget Multipath(string table) => _bench.Map(table).Table!.Entries[0].Target;

    [Theory]
    [InlineData("0 8 error", "0 8 linear a 0", null)]
    [InlineData("0 8 linear a 0", "0 8 error", null)]
    [InlineData("0 8 linear a 0", "0 8 multipath 2 queue_mode bio 0 0 0", null)]
    [InlineData("0 8 linear a 0", "0 8 multipath 0 0 0 0",
        "cannot change the type of a device after its first table (Bio to Request)")]
    [InlineData("0 8 multipath 0 0 0 0", "0 8 error", null)]
    [InlineData("0 8 multipath 0 0 0 0", "0 8 error\n8 8 error",
        "cannot replace immutable target type multipath")]
    [InlineData("0 8 multipath 0 0 0 0", "0 8 zero",
        "cannot replace immutable target type multipath")]
    [InlineData("0 8 multipath 2 queue_mode bio 0 0 0", "0 8 zero",
        "cannot replace immutable target type multipath")]
    [InlineData("0 8 multipath 2 queue_mode bio 0 0 0", "0 8 error", null)]
    [InlineData("0 8 multipath 0 0 0 0", "0 8 multipath 2 queue_mode bio 0 0 0",
        "cannot change the type of a device after its first table (Request to Bio)")]
    [InlineData("0 8 multipath 2 queue_mode bio 0 0 0", "0 8 multipath 2 queue_mode mq 0 0 0",
        "cannot change the type of a device after its first table (Bio to Request)")]
    public void A_later_table_keeps_the_type_and_an_immutable_target(
        string first, string second, string? error)
    {
        MappedDevice map = _bench.Map(first);
        if (error is null) _bench.Load(map, second);
        else Should.Throw<TableException>(() => _bench.Load(map, second)).Message.ShouldBe(error);
    }

    [Fact]
    public void An_immutable_target_that_is_not_live_yet_counts_too()
    {
        var map = new MappedDevice(_bench.Loop, "new", new QueueOptions(), _bench);
        _bench.Load(map, "0 8 multipath 0 0 0 0");
        Should.Throw<TableException>(() => _bench.Load(map, "0 8 zero")).Message
            .ShouldBe("cannot replace immutable target type multipath");
    }

    [Theory]
    [InlineData("0 8 linear mp 0", "mp would be below itself")]
    [InlineData("0 8 linear over 0", "mp would be below itself")]
    [InlineData("0 8 linear a 0\n8 8 linear top 0", "mp would be below itself")]
    public void A_device_is_not_below_itself(string table, string error)
    {
        MappedDevice map = Named("mp", "0 2048 linear a 0");
        Named("over", "0 2048 linear mp 0");
        Named("top", "0 2048 linear b 0\n2048 2048 linear over 0");
        Should.Throw<TableException>(() => _bench.Load(map, table)).Message.ShouldBe(error);
        map.InactiveTable.ShouldBeNull();
    }

    [Fact]
    public void Tables_in_waiting_make_no_circle()
    {
        MappedDevice left = Named("left", "0 2048 linear a 0");
        MappedDevice right = Named("right", "0 2048 linear b 0");
        _bench.Load(left, "0 2048 linear right 0");
        Should.Throw<TableException>(() => _bench.Load(right, "0 2048 linear left 0")).Message
            .ShouldBe("right would be below itself");
        (left.OpenCount, right.OpenCount).ShouldBe((0, 1));
        left.Resume().ShouldBeDone();
        Bio bio = _bench.Write(left);
        _bench.Owner.StatusOf(bio).ShouldBe(BlockStatus.Ok);
    }

    [Fact]
    public void Sixty_four_devices_may_lie_one_over_the_other()
    {
        MappedDevice top = Named("d1", "0 2048 linear a 0");
        for (int i = 2; i <= Table.MaxDepth; i++)
            top = Named($"d{i}", $"0 2048 linear d{i - 1} 0");
        _bench.Owner.StatusOf(_bench.Write(top)).ShouldBe(BlockStatus.Ok);
        Should.Throw<TableException>(() => Named("more", "0 2048 linear d64 0")).Message
            .ShouldBe("more than 64 devices would lie one over the other");
    }

    [Fact]
    public void A_wide_tower_of_devices_is_looked_at_once_each()
    {
        Named("l0", "0 8 linear a 0");
        Named("r0", "0 8 linear b 0");
        for (int i = 1; i < 60; i++)
            foreach (char side in "lr")
                Named($"{side}{i}", $"0 4 linear l{i - 1} 0\n4 4 linear r{i - 1} 0");
        _bench.Find("l59").SizeBytes.ShouldBe(8 * 512);
    }

    private MappedDevice Named(string name, string table)
    {
        MappedDevice map = _bench.Map(table, name: name);
        _bench.Add(map);
        return map;
    }
}
