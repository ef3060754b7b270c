// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Daemon;
using Braid.Mapper;
using Braid.Transports.Nbd;

namespace Braid.Tests.Simulation;

/// <summary>Clients, paths and commands of a daemon with several loops.</summary>
public sealed class ChannelTests
{
    private const long Ms = ChannelHouse.Ms;
    private const long Second = ChannelHouse.Second;
    private const string Table = "0 2048 multipath 0 0 1 1 round-robin 0 2 1 s0 1 s1 1";
    private const string Failover = "0 2048 multipath 0 0 2 1 round-robin 0 1 1 s0 1 "
        + "round-robin 0 1 1 s1 1";

    [Fact]
    public void Each_client_goes_to_the_loop_with_the_fewest()
    {
        using var house = new ChannelHouse(loops: 3, paths: 1);
        for (int i = 0; i < 4; i++) house.Connect();
        house.ClientsByLoop().ShouldBe([2, 1, 1]);
        house.Clients[1].Stop();
        house.RunFor(5 * Ms);
        house.ClientsByLoop().ShouldBe([2, 0, 1]);
        house.Connect();
        house.ClientsByLoop().ShouldBe([2, 1, 1]);
        MapState map = Info(house);
        map.OpenCount.ShouldBe(4);
        map.ClientsByLoop.ShouldBe([2, 1, 1]);
    }

    [Fact]
    public void A_loop_that_can_do_less_than_a_client_was_told_serves_none()
    {
        using var house = new ChannelHouse(loops: 2, paths: 2);
        // As if the second loop's map had been made over other paths.
        house.Channels.Stacks[1].Devices.Load("mp", Table.Replace("2048", "1024"));
        house.Map(1).Resume(noFlush: true, _ => { });
        house.RunFor(Ms);
        house.Map(1).SizeBytes.ShouldBe(512 << 10);
        house.Connect();
        house.Connect();
        house.ClientsByLoop().ShouldBe([2, 0]);
    }

    [Fact]
    public void A_path_that_hangs_under_one_loop_is_left_by_the_others_at_once()
    {
        using var house = new ChannelHouse(loops: 2, paths: 2);
        house.Hang(0);
        using var write = new MapIo(house.Map(0), BlockOperation.Write, 0, 1);
        house.RunUntil(() => !house.IsActive(0, 0));
        house.RunFor(Ms);
        house.IsActive(1, 0).ShouldBeFalse();
        house.Unhang(0);
        house.RunUntil(() => house.IsActive(0, 0) && house.IsActive(1, 0), 20 * Second);
    }

    [Fact]
    public void A_path_that_failed_on_one_loop_alone_is_soon_back_on_the_others()
    {
        using var house = new ChannelHouse(loops: 2, paths: 2);
        house.Servers[0].FailsWrites = true;
        using var write = new MapIo(house.Map(0), BlockOperation.Write, 0, 1);
        house.RunUntil(() => write.IsDone, Second);
        house.RunFor(5 * Ms);
        (house.IsActive(0, 0), house.IsActive(1, 0)).ShouldBe((false, true));
    }

    [Fact]
    public void The_last_path_of_a_loop_is_left_only_when_its_own_probe_fails()
    {
        using var house = new ChannelHouse(loops: 2, paths: 1);
        house.Servers[0].FailsWrites = true;
        using var write = new MapIo(house.Map(0), BlockOperation.Write, 0, 1);
        house.RunUntil(() => write.IsDone, Second);
        house.RunFor(5 * Ms);
        uint failures = SimWorld.TargetOf(house.Map(1))!.Groups[0].Paths[0].FailCount;
        (house.IsActive(1, 0), failures).ShouldBe((true, 0u));
    }

    [Fact]
    public void A_path_is_shown_failed_when_it_is_on_any_loop_and_loads_are_summed()
    {
        using var house = new ChannelHouse(
            2, 2, options => options with { Selector = "queue-length 0" });
        house.Hang(0);
        house.Hang(1);
        using var first = new MapIo(house.Map(0), BlockOperation.Read, 0, 0);
        using var second = new MapIo(house.Map(1), BlockOperation.Read, 0, 0);
        using var third = new MapIo(house.Map(1), BlockOperation.Read, 64 << 10, 0);
        house.RunFor(Ms);
        var other = SimWorld.TargetOf(house.Map(1))!;
        other.FailPath(other.Groups[0].Paths[1]);
        ControlReply reply = house.Do(Named("status"));
        reply.Tables![0].Targets[0].ToString()
            .ShouldBe("0 2048 multipath 2 0 0 0 1 1 A 0 2 1 s0 A 0 2 s1 F 1 1 ");
        house.Unhang(0);
        house.Unhang(1);
        house.RunUntil(() => first.IsDone && second.IsDone && third.IsDone);
    }

    [Fact]
    public void A_table_goes_live_on_all_loops_when_all_are_suspended()
    {
        using var house = new ChannelHouse(loops: 2, paths: 2);
        house.Do(Named("reload") with { Table = Failover });
        house.Hang(0);
        house.Hang(1);
        using var read = new MapIo(house.Map(1), BlockOperation.Read, 0, 0);
        house.RunFor(Ms);
        Asked resume = house.Begin(Named("resume") with { Noflush = true });
        resume.Reply.ShouldBeNull();
        // The first has nothing to wait for, and waits for the second.
        (house.Map(0).IsSuspended, GroupsOf(house, 0)).ShouldBe((true, 1));
        house.Unhang(0);
        house.Unhang(1);
        house.RunUntil(() => resume.Reply is not null);
        resume.Reply!.Error.ShouldBeNull();
        (GroupsOf(house, 0), GroupsOf(house, 1)).ShouldBe((2, 2));
        (house.Map(0).IsSuspended, house.Map(1).IsSuspended).ShouldBe((false, false));
        house.RunUntil(() => read.IsDone);
    }

    [Fact]
    public void A_table_that_a_client_of_one_loop_objects_to_goes_live_on_none()
    {
        using var house = new ChannelHouse(loops: 2, paths: 2);
        house.Connect();
        house.Connect();
        house.Clients[0].Stop();
        house.RunFor(5 * Ms);
        house.ClientsByLoop().ShouldBe([0, 1]);
        house.Do(Named("reload") with { Table = Table.Replace("2048", "1024") });
        house.Fail(Named("resume")).ShouldEndWith("mp goes on with the old one");
        for (int loop = 0; loop < 2; loop++)
        {
            house.Map(loop).SizeBytes.ShouldBe(1 << 20);
            house.Map(loop).IsSuspended.ShouldBeFalse();
            house.Map(loop).InactiveTable.ShouldBeNull();
        }
    }

    [Fact]
    public void Loops_that_were_given_different_tables_take_none()
    {
        using var house = new ChannelHouse(loops: 2, paths: 2);
        house.Channels.Stacks[1].Devices.Load("mp", Failover);
        house.Fail(Named("resume")).ShouldContain("the loops have different tables");
        house.Do(Named("resume"));
        (GroupsOf(house, 0), GroupsOf(house, 1)).ShouldBe((1, 1));
    }

    [Fact]
    public void A_map_comes_and_goes_on_all_loops()
    {
        using var house = new ChannelHouse(loops: 2, paths: 2);
        house.Do(Named("create", "other") with { Table = "0 8 linear s0 0" });
        house.Channels.Stacks.ShouldAllBe(stack => stack.Devices.Has("other"));
        house.Fail(Named("create", "other") with { Table = "0 8 linear s0 0" })
            .ShouldContain("there is a device 'other' already");
        house.Do(Named("create", "above") with { Table = "0 8 linear other 0" });
        house.Do(Named("info", "other")).Maps![0].OpenCount.ShouldBe(1);
        house.Do(Named("remove", "above"));
        house.Do(Named("rename", "other") with { NewName = "another" });
        house.Do(Named("remove", "another"));
        house.Channels.Stacks.ShouldAllBe(stack => stack.Devices.All.Count == 1);
    }

    [Fact]
    public void A_map_is_not_removed_while_another_loop_serves_a_client_of_it()
    {
        using var house = new ChannelHouse(loops: 2, paths: 2);
        house.Connect();
        house.Connect();
        house.Clients[0].Stop();
        house.RunFor(5 * Ms);
        house.Fail(Named("remove")).ShouldContain("is in use by client");
        house.Channels.Stacks.ShouldAllBe(stack => stack.Devices.Has("mp"));
        // It takes clients again.
        house.Connect();
        house.ClientsByLoop().ShouldBe([1, 1]);
    }

    [Fact]
    public void A_path_is_added_and_removed_on_all_loops()
    {
        using var house = new ChannelHouse(loops: 2, paths: 2);
        house.Do(Named("path_add", "x") with { Uri = house.Servers[0].Uri }).Note.ShouldBeNull();
        ControlReply list = house.Do(new ControlRequest { Command = "path_list" });
        list.Paths!.Select(path => path.State).ShouldBe(["up", "up", "up"]);
        house.Path(1, 1).Stop();
        house.RunFor(Ms);
        list = house.Do(new ControlRequest { Command = "path_list" });
        list.Paths![1].Problem.ShouldBe("on loop 1: stopped");
        house.Fail(Named("path_remove", "s0")).ShouldContain("in use by mp");
        house.Do(Named("path_remove", "x"));
        house.Channels.Stacks.ShouldAllBe(stack => stack.Paths.All.Count == 2);
    }

    [Fact]
    public void Held_io_of_another_loop_is_listed_and_failed_by_its_id()
    {
        using var house = new ChannelHouse(loops: 2, paths: 2);
        house.Do(Named("suspend") with { Noflush = true });
        Info(house).Suspended.ShouldBeTrue();
        using var first = new MapIo(house.Map(0), BlockOperation.Write, 0, 1);
        using var second = new MapIo(house.Map(1), BlockOperation.Write, 0, 1);
        house.RunFor(Ms);
        HeldState held = house.Do(new ControlRequest { Command = "held" }).Held![0];
        string id = held.Ios.Select(io => io.Id).Single(id => id[1] == ':');
        held.Ios.Count.ShouldBe(2);
        house.Fail(Named("fail_held") with { Ids = ["9:1.1"] })
            .ShouldContain("holds no I/O '9:1.1'");
        house.Do(Named("fail_held") with { Ids = [id] }).Failed.ShouldBe(1);
        house.Do(Named("resume"));
        house.RunUntil(() => first.IsDone && second.IsDone, Second);
        (first.Status, second.Status).ShouldBe((BlockStatus.Ok, BlockStatus.IoError));
    }

    [Fact]
    public void What_is_told_to_a_map_all_loops_are_told()
    {
        using var house = new ChannelHouse(loops: 3, paths: 2);
        house.Do(Named("message") with { Words = ["fail_path", "s1"] });
        for (int loop = 0; loop < 3; loop++) house.IsActive(loop, 1).ShouldBeFalse();
        house.Fail(Named("message") with { Words = ["fail_path", "nosuch"] })
            .ShouldContain("nosuch");
        house.Fail(Named("suspend", "nosuch")).ShouldBe("no device 'nosuch'");
    }

    private static ControlRequest Named(string command, string name = "mp") =>
        new() { Command = command, Name = name };

    private static MapState Info(ChannelHouse house) => house.Do(Named("info")).Maps![0];

    private static int GroupsOf(ChannelHouse house, int loop) =>
        SimWorld.TargetOf(house.Map(loop))!.Groups.Count;
}
