// SPDX-License-Identifier: Apache-2.0
using Braid.Wire.Nbd;

namespace Braid.Tests.Unit.Wire;

public sealed class NbdUriTests
{
    [Theory]
    [InlineData("/run/a b.sock", "a b")]
    [InlineData("/run/a&b#c%d?e=f", "a&b#c%d?e=f")]
    [InlineData("/run/%20/+", "/%2F//+")]
    [InlineData("/run/\u00fc.sock", "")]
    public void What_is_written_is_read_again(string socket, string export)
    {
        var unix = new NbdUri("", 0, socket, export);
        NbdUri.Parse(unix.ToString()).ShouldBe(unix);
        var tcp = new NbdUri("::1", 10809, null, export);
        NbdUri.Parse(tcp.ToString()).ShouldBe(tcp);
    }

    [Fact]
    public void A_plain_socket_path_is_written_as_it_is() =>
        new NbdUri("", 0, "/run/a.sock", "vol").ToString()
            .ShouldBe("nbd+unix:///vol?socket=/run/a.sock");
}
