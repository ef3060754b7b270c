// SPDX-License-Identifier: Apache-2.0
using Braid.Daemon;

namespace Braid.Tests.Simulation;

/// <summary>What the control socket makes of its clients, decent ones and others.</summary>
public sealed class ControlProtocolTests : IDisposable
{
    private const string Info = "{\"command\":\"info\"}\n";

    private readonly ControlHouse _house = new();

    public void Dispose() => _house.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void A_line_is_answered_with_a_line_and_the_end(int tears)
    {
        _house.Link.TearsAtBytes = tears;
        ControlPeer peer = _house.Connect();
        peer.Send("{\"command\":\"table\",\"name\":\"mp\"}\n");
        peer.ReadToEnd().ShouldBe(
            "{\"tables\":[{\"name\":\"mp\",\"targets\":[{\"start\":0,\"length\":2048,"
            + "\"type\":\"multipath\",\"arguments\":"
            + "\"0 0 1 1 round-robin 0 2 1 a 1 b 1 \"}]}]}\n");
        _house.Server.Clients.ShouldBe(0);
    }

    [Theory]
    [InlineData("x", "the request is not understood: byte 0")]
    [InlineData("", "the request is not understood")]
    [InlineData("null", "the request is null")]
    [InlineData("[]", "the request is not understood")]
    [InlineData("{}", "the request is not understood")]
    [InlineData("{\"command\":5}", "at $.command")]
    [InlineData("{\"command\":null,\"name\":{}}", "at $.name")]
    [InlineData("{\"command\":\"info\"", "the request is not understood")]
    [InlineData("{\"command\":\"info\"} {}", "the request is not understood")]
    [InlineData("{\"command\":\"info\",\"nmae\":\"x\"}", "at $.nmae")]
    [InlineData("{\"command\":\"info\",\"name\":\"x\",\"name\":\"y\"}", "not understood")]
    [InlineData("{\"command\":\"wait\",\"name\":\"mp\",\"event\":-1}", "at $.event")]
    [InlineData("{\"command\":\"Info\"}", "unknown command, known are create, reload,")]
    [InlineData("{\"command\":\"create\"}", "the request has no 'name'")]
    [InlineData("{\"command\":\"create\",\"name\":\"x\"}", "the request has no 'table'")]
    [InlineData("{\"command\":\"rename\",\"name\":\"mp\"}", "the request has no 'new_name'")]
    [InlineData("{\"command\":\"message\",\"name\":\"mp\"}", "the request has no 'words'")]
    [InlineData("{\"command\":\"path_add\",\"name\":\"x\"}", "the request has no 'uri'")]
    [InlineData("\u0000\u0001\ud83d\ude00", "the request is not understood")]
    public void What_is_no_request_is_told_so(string line, string error)
    {
        ControlPeer peer = _house.Connect();
        peer.Send(line + "\n");
        string reply = peer.ReadToEnd();
        reply.ShouldStartWith("{\"error\":\"");
        reply.ShouldContain(error);
        ControlJson.ReadReply(System.Text.Encoding.UTF8.GetBytes(reply)).Error!
            .ShouldNotContain("\n");
    }

    [Fact]
    public void A_deep_request_is_no_danger()
    {
        ControlPeer peer = _house.Connect();
        string deep = new('[', 100_000);
        peer.Send($"{{\"command\":\"message\",\"words\":{deep}\n");
        peer.ReadToEnd().ShouldContain("not understood");
    }

    [Fact]
    public void A_line_of_a_mebibyte_is_read_and_a_longer_one_is_not()
    {
        ControlPeer peer = _house.Connect();
        string padding = new(' ', ControlJson.MaxRequest - Info.Length);
        peer.Send(padding + Info);
        peer.ReadToEnd().ShouldStartWith("{\"maps\":");
        ControlPeer other = _house.Connect();
        other.Send(padding + " " + Info);
        other.ReadToEnd().ShouldBe("{\"error\":\"a line has at most 1048576 bytes\"}\n");
    }

    [Fact]
    public void A_client_that_says_nothing_is_cut_off_and_holds_up_nobody()
    {
        ControlPeer silent = _house.Connect();
        ControlPeer slow = _house.Connect();
        slow.Send("{\"command\":");
        ControlPeer quick = _house.Connect();
        quick.Send(Info);
        quick.ReadToEnd(ControlHouse.Second).ShouldStartWith("{\"maps\":");
        _house.Server.Clients.ShouldBe(2);
        _house.Loop.RunFor(11 * ControlHouse.Second);
        _house.Server.Clients.ShouldBe(0);
        silent.ReadToEnd().ShouldBe("");
        slow.ReadToEnd().ShouldBe("");
    }

    [Fact]
    public void Who_has_looked_and_gone_is_forgotten()
    {
        _house.Connect().Close();
        _house.Loop.RunFor(ControlHouse.Second);
        _house.Server.Clients.ShouldBe(0);
        _house.Log.ShouldBeEmpty();
    }

    [Fact]
    public void Who_waits_gets_signs_of_life_and_then_the_answer()
    {
        ControlPeer peer = _house.Connect();
        peer.Send("{\"command\":\"wait\",\"name\":\"mp\"}\n");
        peer.Read(ControlHouse.Second).ShouldBe("");
        for (int i = 0; i < 10; i++) peer.Read(2 * ControlHouse.Second).ShouldBe("\n");
        _house.Stack.Map!.RaiseEvent();
        peer.ReadToEnd().TrimStart('\n').ShouldBe("{\"event\":1}\n");
    }

    [Fact]
    public void A_client_that_goes_while_it_waits_is_forgotten()
    {
        ControlPeer peer = _house.Connect();
        peer.Send("{\"command\":\"wait\",\"name\":\"mp\"}\n");
        _house.Loop.RunFor(ControlHouse.Second);
        peer.Close();
        _house.Loop.RunFor(3 * ControlHouse.Second);
        _house.Server.Clients.ShouldBe(0);
        _house.Stack.Map!.RaiseEvent();
    }

    [Fact]
    public void There_are_64_clients_at_most_and_room_again_when_they_go()
    {
        ControlPeer[] waiting = [.. Enumerable.Range(0, 64).Select(_ => _house.Connect())];
        foreach (ControlPeer peer in waiting)
            peer.Send("{\"command\":\"wait\",\"name\":\"mp\"}\n");
        _house.Loop.RunFor(ControlHouse.Second);
        _house.Connect().ReadToEnd().ShouldBe("");
        _house.Log.ShouldBe(["control: a client is refused, 64 are connected"]);
        foreach (ControlPeer peer in waiting) peer.Close();
        _house.Loop.RunFor(3 * ControlHouse.Second);
        ControlPeer late = _house.Connect();
        late.Send(Info);
        late.ReadToEnd().ShouldStartWith("{\"maps\":");
    }

    [Fact]
    public void Who_waits_is_told_when_the_process_ends()
    {
        ControlPeer peer = _house.Connect();
        peer.Send("{\"command\":\"wait\",\"name\":\"mp\"}\n");
        ControlPeer silent = _house.Connect();
        _house.Loop.RunFor(ControlHouse.Second);
        _house.Server.Drain();
        peer.ReadToEnd().ShouldBe("{\"error\":\"braid is shutting down\"}\n");
        silent.ReadToEnd().ShouldBe("");
    }

    [Fact]
    public void An_answer_that_is_too_long_says_so()
    {
        string blanks = new(' ', ControlJson.MaxReply);
        byte[] line = ControlJson.Write(ControlReply.Failed(blanks));
        ControlJson.ReadReply(line).Error.ShouldBe(
            "the answer has more than 16777216 bytes: ask for one map");
    }
}
