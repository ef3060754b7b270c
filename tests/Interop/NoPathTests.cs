// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop;

/// <summary>All paths down: I/O waits, or fails at once, as the map was told.</summary>
public sealed class NoPathTests : InteropTest
{
    private const long Size = 16 << 20;

    /// <summary>Well below the I/O timeout of 10 s: nothing has been waited for.</summary>
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(8);

    [Theory]
    [InlineData("mq", "write -P 0x42 1M 64k")]
    [InlineData("mq", "read -P 0 1M 64k")]
    [InlineData("mq", "write -f -P 0x42 1M 64k")]
    [InlineData("bio", "write -P 0x42 1M 64k")]
    [InlineData("bio", "read -P 0 1M 64k")]
    public async Task With_queue_if_no_path_io_waits_for_a_path_and_then_completes(
        string mode, string command)
    {
        Needs.Tool("nbdkit", "qemu-io");
        (NbdServerPeer a, NbdServerPeer b) =
            await StartServersAsync(MakeSparseFile("volume", Size));
        BraidProcess braid = await RunBraidAsync("--path", a.Declared, "--path", b.Declared,
            "--queue-if-no-path", "--queue-mode", mode);
        await KillAsync(braid, a, b);

        long before = await braid.CountIosAsync();
        Peer client = await StartToolAsync(
            "qemu-io", [.. BraidProcess.RawImage, "-c", command, braid.Uri]);
        await braid.HasMoreIosThanAsync(before);
        client.HasExited.ShouldBeFalse(client.ToString());
        await b.StartAsync();

        (await client.WaitForExitAsync()).ShouldBe(0, $"{client}\n{braid.Process}");
        client.Output.ShouldNotContain(line => line.Contains("failed", StringComparison.Ordinal));
        if (command.StartsWith("write", StringComparison.Ordinal))
            await QemuIoAsync(braid.Uri, "read -P 0x42 1M 64k");
    }

    [Theory]
    [InlineData("mq")]
    [InlineData("bio")]
    public async Task Without_it_io_fails_at_once_with_EIO(string mode)
    {
        Needs.Tool("nbdkit", "qemu-io");
        (NbdServerPeer a, NbdServerPeer b) =
            await StartServersAsync(MakeSparseFile("volume", Size));
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", b.Declared, "--queue-mode", mode);
        await KillAsync(braid, a, b);

        var clock = Stopwatch.StartNew();
        string read = await FailAsync(
            "qemu-io", [.. BraidProcess.RawImage, "-c", "read 1M 64k", braid.Uri]);
        string write = await FailAsync(
            "qemu-io", [.. BraidProcess.RawImage, "-c", "write 1M 64k", braid.Uri]);

        clock.Elapsed.ShouldBeLessThan(AtOnce);
        read.ShouldContain("Input/output error");
        write.ShouldContain("Input/output error");
        await a.StartAsync();
        await braid.LogsAsync("Reinstating path a");
        await QemuIoAsync(braid.Uri, "read -P 0 1M 64k");
    }

    [Theory]
    [InlineData("mq", true)]
    [InlineData("mq", false)]
    [InlineData("bio", true)]
    [InlineData("bio", false)]
    public async Task Io_in_flight_on_the_last_path_waits_or_fails_when_it_dies(
        string mode, bool queue)
    {
        Needs.Tool("nbdkit", "qemu-io");
        string volume = MakeSparseFile("volume", Size);
        // The first server never gets to its writes: they are in flight when it is killed.
        NbdServerPeer slow = Nbdkit("a", "--filter=delay", "file", volume, "wdelay=1000");
        await slow.StartAsync();
        string[] hold = queue ? ["--queue-if-no-path"] : [];
        BraidProcess braid = await RunBraidAsync(
            ["--path", slow.Declared, "--io-timeout", "1000", "--queue-mode", mode, .. hold]);

        long before = await braid.CountIosAsync();
        Peer client = await StartToolAsync(
            "qemu-io", [.. BraidProcess.RawImage, "-c", "write -P 0x42 1M 3M", braid.Uri]);
        await braid.HasMoreIosThanAsync(before);
        await slow.KillAsync();
        if (!queue)
        {
            (await client.WaitForExitAsync()).ShouldNotBe(0);
            string.Join('\n', client.Output).ShouldContain("Input/output error");
            return;
        }
        await Nbdkit("a", "file", volume).StartAsync();

        (await client.WaitForExitAsync()).ShouldBe(0, $"{client}\n{braid.Process}");
        await QemuIoAsync(braid.Uri, "read -P 0x42 1M 3M");
    }

    [Fact]
    public async Task A_map_of_a_known_size_starts_without_any_path_and_waits_for_one()
    {
        Needs.Tool("nbdkit", "qemu-io", "nbdinfo");
        string volume = MakeSparseFile("volume", Size);
        NbdServerPeer a = Nbdkit("a", "file", volume);
        BraidProcess braid = await RunBraidAsync("--path", a.Declared, "--path",
            $"b=nbd+unix:///?socket={FilePath("b")}", "--size", "16M", "--queue-if-no-path");
        (await RunAsync("nbdinfo", "--size", braid.Uri)).ShouldBe("16777216");

        long before = await braid.CountIosAsync();
        Peer client = await StartToolAsync(
            "qemu-io", [.. BraidProcess.RawImage, "-c", "write -P 0x42 1M 3M", braid.Uri]);
        await braid.HasMoreIosThanAsync(before);
        await a.StartAsync();

        (await client.WaitForExitAsync()).ShouldBe(0, $"{client}\n{braid.Process}");
        await QemuIoAsync(braid.Uri, "read -P 0x42 1M 3M");
    }

    [Fact]
    public async Task A_map_without_a_path_or_a_size_says_what_is_missing()
    {
        Peer braid = await StartBraidAsync(
            "--path", $"nbd+unix:///?socket={FilePath("a")}", "--path", FilePath("none"));

        (await braid.WaitForExitAsync()).ShouldBe(1);
        string error = braid.Errors[^1];
        error.ShouldStartWith("braid: no path can be reached");
        error.ShouldContain("--size");
        error.ShouldContain("No such file or directory");
    }

    [Theory]
    [InlineData("mq")]
    [InlineData("bio")]
    public async Task Sigterm_ends_braid_in_time_although_io_waits_for_a_path(string mode)
    {
        Needs.Tool("nbdkit", "qemu-io");
        (NbdServerPeer a, NbdServerPeer b) =
            await StartServersAsync(MakeSparseFile("volume", Size));
        BraidProcess braid = await RunBraidAsync("--path", a.Declared, "--path", b.Declared,
            "--queue-if-no-path", "--queue-mode", mode);
        await KillAsync(braid, a, b);
        long before = await braid.CountIosAsync();
        Peer client = await StartToolAsync(
            "qemu-io", [.. BraidProcess.RawImage, "-c", "write 1M 64k", braid.Uri]);
        await braid.HasMoreIosThanAsync(before);

        await braid.StopAsync();

        (await client.WaitForExitAsync()).ShouldNotBe(0);
    }

    private static async Task KillAsync(BraidProcess braid, NbdServerPeer a, NbdServerPeer b)
    {
        await a.KillAsync();
        await b.KillAsync();
        await braid.LogsAsync("Failing path a");
        await braid.LogsAsync("Failing path b");
    }
}
