// SPDX-License-Identifier: Apache-2.0
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop;

/// <summary>
/// A real server is stopped with a write in its socket; the write is done by the other path, the
/// block is written again, the server goes on.
/// </summary>
public sealed class StaleWriteTests : InteropTest
{
    private const long Size = 16 << 20;

    [Theory]
    [InlineData("60")]
    [InlineData("proof")]
    public async Task Old_bytes_of_a_server_that_goes_on_do_not_win(string guard)
    {
        Needs.Tool("nbdkit", "qemu-io");
        string volume = MakeSparseFile("volume", Size);
        (NbdServerPeer a, BraidProcess braid) = await HangWithWriteAsync(volume, guard);
        Peer second = await StartToolAsync(
            "qemu-io", "-f", "raw", braid.Uri, "-c", "write -P 0xbb 0 4k");
        a.Process.Continue();
        (await second.WaitForExitAsync()).ShouldBe(0, second.ToString());
        await braid.LogsAsync("Reinstating path a");
        await QemuIoAsync(braid.Uri, "read -P 0xbb 0 4k");
        FirstByte(volume).ShouldBe(0xBB);
    }

    /// <summary>What the guard is for: this is how it ends without.</summary>
    [Fact]
    public async Task Without_the_guard_they_do()
    {
        Needs.Tool("nbdkit", "qemu-io");
        string volume = MakeSparseFile("volume", Size);
        (NbdServerPeer a, BraidProcess braid) = await HangWithWriteAsync(volume, "off");
        await QemuIoAsync(braid.Uri, "write -P 0xbb 0 4k");
        FirstByte(volume).ShouldBe(0xBB);
        a.Process.Continue();
        await Eventually.IsTrueAsync(() => FirstByte(volume) == 0xAA, "the old bytes win");
    }

    private async Task<(NbdServerPeer A, BraidProcess Braid)> HangWithWriteAsync(
        string volume, string guard)
    {
        // One thread: of several, one may see that the connection is over before another has begun
        // the write that it has read, which nbdkit then drops. The stale write shall be done.
        NbdServerPeer a = Nbdkit("a", "-t", "1", "file", volume);
        NbdServerPeer b = Nbdkit("b", "file", volume);
        await a.StartAsync();
        await b.StartAsync();
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", b.Declared, "--grouping", "failover",
            "--io-timeout", "2", "--stale-write-guard", guard);
        a.Process.Stop();
        await QemuIoAsync(braid.Uri, "write -P 0xaa 0 4k");
        braid.Logged("Failing path a").ShouldBe(1);
        return (a, braid);
    }

    private static int FirstByte(string volume)
    {
        using FileStream file = File.OpenRead(volume);
        return file.ReadByte();
    }
}
