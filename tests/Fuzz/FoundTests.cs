// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Daemon;
using Braid.Io;
using Braid.Transports.Nbd;
using Braid.Wire.Nbd;

namespace Braid.Tests.Fuzz;

/// <summary>What fuzzing has found, by itself or on the way.</summary>
public sealed class FoundTests
{
    [Theory]
    [InlineData("/a\0b")]
    [InlineData("./\0")]
    [InlineData("file:///a%00b")]
    [InlineData("file:///a?direct=1\0")]
    [InlineData("nbd+unix:///x?socket=/a%00b")]
    public void A_path_with_a_zero_byte_is_refused(string uri) =>
        Should.Throw<UriException>(() => PathUri.Parse(uri)).Message.ShouldNotContain("Parameter");

    [Theory]
    [InlineData("nbd+unix:///?socket=/run/a%26b.sock", "nbd+unix:///?socket=/run/a%26b.sock")]
    [InlineData("nbd+unix:///?socket=/a%2523", "nbd+unix:///?socket=/a%2523")]
    [InlineData("nbd+unix:///x%2Fy?socket=%2Fa", "nbd+unix:///x%2Fy?socket=/a")]
    public void A_socket_with_letters_of_the_grammar_is_written_so_that_it_can_be_read(
        string uri, string written)
    {
        NbdUri read = NbdUri.Parse(uri);
        read.ToString().ShouldBe(written);
        NbdUri.Parse(written).ShouldBe(read);
    }

    [Fact]
    public void A_store_that_the_machine_cannot_have_is_refused()
    {
        using var loop = new SimulatedLoop(seed: 1);
        var network = new SimulatedNetwork(loop);
        using var stores = new MemoryStores();
        using var factory = new PathFactory(
            loop, network, new NbdSettings(), new QueueOptions(), stores);
        PathUri uri = PathUri.Parse("mem:a?size=8388607T");
        Should.Throw<MapException>(() => factory.Create("a", uri)).Message
            .ShouldStartWith("mem:a: the machine does not give ");
    }

    [Fact]
    public void An_error_is_one_line_whatever_it_quotes() =>
        ControlReply.Refused("no device 'a\r\nb\u001b[2J\u0085'").Error
            .ShouldBe("no device 'a  b [2J '");

    [Theory]
    [InlineData("nbd+unix:///x?socket=/a%0Ab", "connect unix:/a b: refused")]
    [InlineData("nbd+unix:///x?socket=/%1B%5B2J", "connect unix:/ [2J: refused")]
    public void Why_a_path_is_down_is_one_line(string uri, string problem)
    {
        using var loop = new SimulatedLoop(seed: 1);
        using var path = new NbdDevice(
            loop, new SimulatedNetwork(loop), "a", NbdUri.Parse(uri), new QueueOptions(),
            new NbdSettings());
        path.Start();
        loop.RunFor(1_000_000);
        path.Problem.ShouldBe(problem);
    }

    /// <summary>Inputs that found something; the comment says what.</summary>
    [Theory]
    // A server that takes three bytes in a request had one I/O become thousands.
    [InlineData("nbd-client", "style 1 0 1 1 109 0\nmap failover st bio\nload 1503916649 13 5\n"
        + "4 set offset 3")]
    // A socket's path with a line end came back in an error of two lines.
    [InlineData("control", "5 line {\"command\":\"path_add\",\"name\":\"n\","
        + "\"uri\":\"nbd+unix:///x\\nsocket=/255/none\"}\nwait 120")]
    // And in two lines of the log.
    [InlineData("control", "5 line {\"command\":\"path_add\",\"name\":\"n\","
        + "\"uri\":\"nbd+unix:///x?socket=/\\n fuzz/none\"}\nwait 11000000")]
    public void What_was_found_is_found_no_more(string target, string input) =>
        FuzzTargets.Make().Single(one => one.Name == target).Read(input);
}
