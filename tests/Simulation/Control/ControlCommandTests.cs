// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Daemon;
using Braid.Exports.Nbd;
using Braid.Io;
using Braid.Mapper;
using Braid.Transports.Memory;

namespace Braid.Tests.Simulation;

/// <summary>What each command does to the maps and paths, and what it refuses.</summary>
public sealed class ControlCommandTests : IDisposable
{
    private const string OneOfA = "0 2048 multipath 0 0 1 1 round-robin 0 1 0 a";

    private readonly ControlHouse _house = new();

    private MappedDevice Map => _house.Stack.Map!;

    public void Dispose() => _house.Dispose();

    [Fact]
    public void A_map_that_is_made_is_shown_beside_the_others()
    {
        _house.Do(Create("lin", "0 8 linear a 16\n8 8 zero"));
        _house.Do(new ControlRequest { Command = "table" }).Tables!
            .SelectMany(table => table.Targets.Select(line => $"{table.Name}: {line}")).ShouldBe(
            [
                "lin: 0 8 linear a 16", "lin: 8 8 zero ",
                "mp: 0 2048 multipath 0 0 1 1 round-robin 0 2 1 a 1 b 1 ",
            ]);
        _house.Do(new ControlRequest { Command = "status", Name = "mp" }).Tables!.Single()
            .Targets.Single().ToString()
            .ShouldBe("0 2048 multipath 2 1 0 0 1 1 E 0 2 0 a A 0 b A 0 ");
        Info("lin").Targets.ShouldBe(2);
        _house.Stack.Devices.Get("lin").Number.ShouldBe(1);
    }

    [Theory]
    [InlineData("mp", OneOfA, "there is a device 'mp' already")]
    [InlineData("a", OneOfA, "there is a path a already")]
    [InlineData("a b", OneOfA, "'a b' is no name: it takes 1 to 127 letters, digits and #+-.:=@_")]
    [InlineData("../x", OneOfA, "'../x' is no name")]
    [InlineData("", OneOfA, "'' is no name")]
    [InlineData("x", "", "the table is empty")]
    [InlineData("x", "0 8 nosuch", "unknown target type, known are multipath, linear, error, zero, "
        + "delay, flakey, at word 3 'nosuch'")]
    [InlineData("x", "0 8 zero\n8 8 linear c 0",
        "no path or map 'c'; paths are a, b, at line 2, word 4 'c'")]
    [InlineData("x", "0 8 linear x 0", "no path or map 'x'; paths are a, b, at word 4 'x'")]
    [InlineData("x", "0 4096 linear a 0", "a is too small for target")]
    public void What_cannot_be_made_says_why_and_leaves_nothing(
        string name, string table, string error)
    {
        _house.Fail(Create(name, table)).ShouldStartWith(error);
        _house.Stack.Devices.All.ShouldBe([Map]);
        _house.Stack.Paths.All.ShouldAllBe(path => path.OpenCount == 1);
    }

    [Theory]
    [InlineData("ftp://x", "unknown kind of export")]
    [InlineData("nbd+unix:///mp?socket=/sim/mp", "unix:/sim/mp has an export 'mp' already")]
    [InlineData("nbd+unix:///x?socket=/sim/control", "cannot listen on unix:/sim/control: in use")]
    public void A_map_that_cannot_be_exported_is_not_made(string uri, string error)
    {
        ControlRequest request = Create("x", "0 8 zero");
        _house.Fail(request with { Exports = ["nbd+unix:///y?socket=/sim/y", uri] })
            .ShouldContain(error);
        _house.Stack.Devices.All.ShouldBe([Map]);
        _house.Stack.Exports.Uris.ShouldBe(["nbd+unix:///mp?socket=/sim/mp"]);
        // The address that it had is free again.
        _house.Do(request with { Exports = ["nbd+unix:///y?socket=/sim/y"] });
        Info("x").Exports.ShouldBe(["nbd+unix:///y?socket=/sim/y"]);
    }

    [Fact]
    public void Maps_may_share_an_endpoint_and_leave_it_one_by_one()
    {
        ControlRequest x = Create("x", "0 8 zero") with
        {
            Exports = ["nbd+unix:///x?socket=/sim/mp"],
        };
        _house.Do(x);
        _house.Stack.Exports.Servers.Count.ShouldBe(1);
        _house.Do(Named("remove", "mp"));
        _house.Stack.Exports.Servers.Count.ShouldBe(1);
        _house.Do(Named("remove", "x"));
        _house.Stack.Exports.Servers.ShouldBeEmpty();
        _house.Do(x);
    }

    [Fact]
    public void A_reload_waits_for_the_resume()
    {
        _house.Do(Reload(OneOfA));
        Map.Table!.Describe().ShouldContain("2 1 a 1 b 1");
        var ask = new ControlRequest { Command = "table", Name = "mp", Inactive = true };
        _house.Do(ask).Tables!.Single().Targets.Single().Arguments
            .ShouldBe("0 0 1 1 round-robin 0 1 1 a 1 ");
        Info("mp").Inactive.ShouldBeTrue();
        _house.Do(Named("resume", "mp"));
        Map.Table!.Describe().ShouldContain("1 1 a 1");
        Info("mp").Inactive.ShouldBeFalse();
        _house.Do(ask).Tables!.Single().Targets.ShouldBeEmpty();
    }

    [Fact]
    public void A_table_that_cannot_go_live_leaves_the_map_suspended_as_in_the_kernel()
    {
        _house.Do(Reload("0 4096 multipath 0 0 1 1 round-robin 0 1 0 a"));
        _house.Fail(Named("resume", "mp")).ShouldBe("a is too small for target: start=0, "
            + "len=4096, dev_size=2048; the new table is dropped, mp is still suspended");
        Info("mp").Suspended.ShouldBeTrue();
        _house.Do(Named("resume", "mp"));
        Info("mp").Suspended.ShouldBeFalse();
    }

    [Fact]
    public void A_suspended_map_is_shown_so_and_takes_no_message()
    {
        _house.Do(Named("suspend", "mp"));
        _house.Do(Named("suspend", "mp"));
        Info("mp").Suspended.ShouldBeTrue();
        _house.Fail(Message("fail_path", "a")).ShouldBe("the device is suspended");
        _house.Do(Named("resume", "mp"));
        _house.Do(Named("resume", "mp"));
        Info("mp").Suspended.ShouldBeFalse();
    }

    [Fact]
    public void Messages_fail_and_reinstate_a_path_and_count_events()
    {
        _house.Do(Message("fail_path", "a"));
        Map.Table!.Status().ShouldContain("a F 1 b A 0");
        Info("mp").Event.ShouldBe(1u);
        _house.Do(Message("reinstate_path", "a"));
        Map.Table!.Status().ShouldContain("a A 1 b A 0");
        Info("mp").Event.ShouldBe(2u);
        _house.Fail(Message("fail_path", "c")).ShouldBe("no path or map 'c'; paths are a, b");
        _house.Fail(Message("shout")).ShouldContain("multipath takes a message and its argument");
    }

    [Fact]
    public void A_path_that_was_failed_by_message_but_works_is_reinstated_by_its_checker()
    {
        _house.Do(Message("fail_path", "a"));
        _house.Loop.RunFor(2 * ControlHouse.Second);
        Map.Table!.Status().ShouldContain("a A 1 b A 0");
    }

    [Fact]
    public void A_wait_ends_at_once_for_any_other_number()
    {
        _house.Do(Message("fail_path", "a"));
        _house.Do(Wait(0)).Event.ShouldBe(1u);
        _house.Do(Wait(7)).Event.ShouldBe(1u);
        Asked same = _house.Begin(Wait(1));
        Asked next = _house.Begin(Wait(null));
        same.Reply.ShouldBeNull();
        next.Reply.ShouldBeNull();
        _house.Do(Message("reinstate_path", "a"));
        same.Reply!.Event.ShouldBe(2u);
        next.Reply!.Event.ShouldBe(2u);
    }

    [Fact]
    public void Who_waits_hears_of_a_map_that_is_removed()
    {
        Asked asked = _house.Begin(Wait(null));
        _house.Do(Named("remove", "mp"));
        asked.Reply!.Error.ShouldBeNull();
        _house.Fail(Wait(null)).ShouldBe("no device 'mp'");
        _house.Do(Named("info", null)).Maps!.ShouldBeEmpty();
    }

    [Fact]
    public void A_map_below_another_is_in_use()
    {
        _house.Do(Create("top", "0 8 linear mp 0"));
        Info("mp").OpenCount.ShouldBe(1);
        _house.Fail(Named("remove", "mp")).ShouldBe("mp is in use by map top");
        _house.Do(Named("remove", "top"));
        _house.Do(Named("remove", "mp"));
    }

    [Fact]
    public void No_map_comes_to_be_below_itself_by_tables_in_waiting()
    {
        _house.Do(Create("x", "0 8 zero"));
        _house.Do(Create("y", "0 8 zero"));
        _house.Do(Reload("0 8 linear y 0", "x"));
        _house.Fail(Reload("0 8 linear x 0", "y")).ShouldBe("y would be below itself");
        _house.Fail(Reload("0 8 linear x 0", "x")).ShouldBe("x would be below itself");
        _house.Do(Named("resume", "x"));
        _house.Fail(Reload("0 8 linear x 0", "y")).ShouldBe("y would be below itself");
    }

    [Fact]
    public void A_name_is_changed_and_the_old_one_is_free()
    {
        _house.Do(Rename("mp", "other"));
        Info("other").Exports.ShouldBe(["nbd+unix:///mp?socket=/sim/mp"]);
        _house.Do(Create("mp", "0 8 zero"));
        _house.Fail(Rename("mp", "other")).ShouldBe("there is a device 'other' already");
        _house.Fail(Rename("mp", "b")).ShouldBe("there is a path b already");
        _house.Fail(Rename("mp", "x/y")).ShouldStartWith("'x/y' is no name");
        _house.Fail(Rename("gone", "new")).ShouldBe("no device 'gone'");
    }

    [Fact]
    public void A_path_comes_and_goes_at_run_time()
    {
        _house.Do(AddPath("c", "mem:v")).Note.ShouldBeNull();
        _house.Do(Reload("0 2048 multipath 0 0 1 1 round-robin 0 2 0 b c"));
        _house.Fail(Named("path_remove", "a")).ShouldBe("path a is in use by mp");
        _house.Do(Named("resume", "mp"));
        _house.Do(Named("path_remove", "a"));
        _house.Fail(Named("path_remove", "c")).ShouldBe("path c is in use by mp");
        _house.Fail(Named("path_remove", "a")).ShouldBe("no path 'a'; paths are b, c");
        _house.Do(Named("path_list", null)).Paths!
            .Select(path => $"{path.Name} {path.State} {path.SizeBytes} {path.Uri} {path.Maps[0]}")
            .ShouldBe(["b up 1048576 mem:v mp", "c up 1048576 mem:v mp"]);
        _house.Do(AddPath("a", "mem:v"));
        _house.Stack.Paths.All.Select(path => path.Name).ShouldBe(["b", "c", "a"]);
    }

    [Theory]
    [InlineData("a", "mem:v", "path a is declared twice")]
    [InlineData("mp", "mem:v", "there is a map mp already")]
    [InlineData("x y", "mem:v", "'x y' is no name")]
    [InlineData("c", "ftp://x", "unknown kind of path")]
    [InlineData("c", "mem:w", "the first path to it must say ?size=SIZE")]
    public void A_path_that_cannot_be_declared_says_why(string name, string uri, string error)
    {
        _house.Fail(AddPath(name, uri)).ShouldContain(error);
        _house.Stack.Paths.All.Count.ShouldBe(2);
    }

    [Fact]
    public void A_path_that_is_not_reached_is_declared_all_the_same()
    {
        ControlReply reply = _house.Begin(AddPath("c", "nbd+unix:///?socket=/sim/none")).Reply!;
        reply.Error.ShouldBeNull();
        reply.Note.ShouldBe(
            "path c is declared, but not up: connect unix:/sim/none: refused");
        _house.Do(Reload("0 2048 multipath 0 0 1 1 round-robin 0 2 0 b c"));
        _house.Do(Named("resume", "mp"));
        Map.Table!.Status().ShouldContain("b A 0 c F 1");
    }

    [Fact]
    public void A_path_that_is_removed_while_it_is_reached_is_gone()
    {
        _house.Network.Link(Endpoint.Unix("/sim/slow")).LatencyNs = ControlHouse.Second;
        Asked asked = _house.Begin(AddPath("c", "nbd+unix:///?socket=/sim/slow"));
        asked.Reply.ShouldBeNull();
        _house.Do(Named("path_remove", "c"));
        asked.Reply!.Note.ShouldBe("path c is declared, but not up: stopped");
        _house.Loop.RunFor(20 * ControlHouse.Second);
        _house.Stack.Paths.All.Count.ShouldBe(2);
    }

    [Fact]
    public void I_O_that_waits_keeps_a_table_away_that_could_do_less()
    {
        var store = new MemoryStore("n", ControlHouse.VolumeBytes);
        var below = new MemoryDevice(_house.Loop, "n", store, new QueueOptions());
        below.Start();
        using var pool = new BufferPool(BufferPool.MaxBuffer);
        using var server = new NbdServer(
            _house.Loop, _house.Network, Endpoint.Unix("/sim/n"), [new NbdExport("n", below)],
            new NbdClients(_house.Loop, pool), _ => { });
        server.Start();
        _house.Do(AddPath("n", "nbd+unix:///n?socket=/sim/n")).Note.ShouldBeNull();
        const string OneOfN = "0 2048 multipath 0 0 1 1 round-robin 0 1 0 n";
        using var buffer = new TestBuffer(512);
        var owner = new BioKeeper();
        var bio = new Bio(owner) { Operation = BlockOperation.Write, Length = 512 };
        buffer.AttachTo(bio);

        _house.Do(Named("suspend", "mp"));
        Map.Submit(bio);
        _house.Do(Reload(OneOfN));
        _house.Fail(Named("resume", "mp")).ShouldBe(
            "the new table cannot take the I/O that waits in mp: "
            + "it has a write cache and the others have none; the new table is dropped, "
            + "mp goes on with the old one");
        owner.Ended.ShouldBe(1);
        bio.Status.ShouldBe(BlockStatus.Ok);
        Info("mp").Suspended.ShouldBeFalse();

        _house.Do(Reload(OneOfN));
        _house.Do(Named("resume", "mp"));
        Map.Limits.WriteCache.ShouldBeTrue();
        server.CloseClients();
    }

    private static ControlRequest Named(string command, string? name) =>
        new() { Command = command, Name = name };

    private static ControlRequest Create(string name, string table) =>
        new() { Command = "create", Name = name, Table = table };

    private static ControlRequest Reload(string table, string name = "mp") =>
        new() { Command = "reload", Name = name, Table = table };

    private static ControlRequest Rename(string name, string newName) =>
        new() { Command = "rename", Name = name, NewName = newName };

    private static ControlRequest Message(params string[] words) =>
        new() { Command = "message", Name = "mp", Words = words };

    private static ControlRequest Wait(uint? last) =>
        new() { Command = "wait", Name = "mp", Event = last };

    private static ControlRequest AddPath(string name, string uri) =>
        new() { Command = "path_add", Name = name, Uri = uri };

    private MapState Info(string name) => _house.Do(Named("info", name)).Maps!.Single();

    private sealed class BioKeeper : IBioOwner
    {
        public int Ended { get; private set; }

        public void EndBio(Bio bio) => Ended++;
    }
}
