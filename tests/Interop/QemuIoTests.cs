// SPDX-License-Identifier: Apache-2.0
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop;

/// <summary>Small reads and writes by hand, with qemu-io, over each kind of path.</summary>
public sealed class QemuIoTests : InteropTest
{
    private const long Size = 16 << 20;

    /// <summary>Writes, zeroes and discards of all sizes, and what must be read then.</summary>
    internal static readonly string[] Patterns =
    [
        "write -P 0xa5 1M 64k", "write -P 0x5a 1000k 3k", "write -f -P 0x11 4M 1M",
        "aio_write -P 0x22 8M 4k", "aio_write -P 0x33 8196k 4k", "aio_write -P 0x44 9M 128k",
        "aio_flush", "writev -P 0x55 10M 4k 8k 512", "write -z 1032k 8k", "discard 4608k 64k",
        "flush",
        "read -P 0x5a 1000k 3k", "read -P 0xa5 1M 8k", "read -P 0 1032k 8k",
        "read -P 0xa5 1040k 48k", "read -P 0x11 4M 512k", "read -P 0x11 4672k 384k",
        "read -P 0x22 8M 4k", "read -P 0x33 8196k 4k", "readv -P 0x44 9M 4k 60k 64k",
        "read -P 0x55 10M 12800", "read -P 0 0 960k",
    ];

    [Theory]
    [InlineData("mq")]
    [InlineData("bio")]
    public async Task Qemu_io_reads_back_the_patterns_it_wrote(string mode)
    {
        Needs.Tool("nbdkit", "qemu-io");
        (NbdServerPeer a, NbdServerPeer b) =
            await StartServersAsync(MakeSparseFile("volume", Size));
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", b.Declared, "--queue-mode", mode,
            "--selector", "round-robin 0");

        await QemuIoAsync(braid.Uri, Patterns);

        braid.ShouldHaveFailedNoPath();
    }

    [Fact]
    public async Task Paths_over_tcp_and_a_unix_socket_make_one_volume()
    {
        Needs.Tool("nbdkit", "qemu-io");
        string volume = MakeSparseFile("volume", Size);
        NbdServerPeer a = NbdkitOnTcp("a", "file", volume);
        NbdServerPeer b = Nbdkit("b", "file", volume);
        await a.StartAsync();
        await b.StartAsync();
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", b.Declared, "--selector", "round-robin 0");

        await QemuIoAsync(braid.Uri, Patterns);

        braid.ShouldHaveFailedNoPath();
    }

    [Fact]
    public async Task A_host_name_reaches_whichever_of_its_addresses_answers()
    {
        Needs.Tool("nbdkit", "qemu-io");
        NbdServerPeer a = NbdkitOnTcp("a", "file", MakeSparseFile("volume", Size));
        await a.StartAsync();
        BraidProcess braid = await RunBraidAsync(
            "--path", FormattableString.Invariant($"nbd://localhost:{a.Port}"));

        await QemuIoAsync(braid.Uri, Patterns);

        braid.ShouldHaveFailedNoPath();
    }

    [Fact]
    public async Task A_file_and_a_server_of_the_same_file_make_one_volume()
    {
        Needs.Tool("nbdkit", "qemu-io");
        string volume = MakeSparseFile("volume", Size);
        NbdServerPeer a = Nbdkit("a", "file", volume);
        await a.StartAsync();
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", $"file://{volume}", "--path", volume,
            "--selector", "round-robin 0");

        await QemuIoAsync(braid.Uri, Patterns);

        braid.ShouldHaveFailedNoPath();
    }

    [Fact]
    public async Task Requests_of_32_MiB_and_ranges_of_gigabytes_are_done_whole()
    {
        Needs.Tool("nbdkit", "qemu-io", "nbdinfo");
        const long Large = 8L << 30;
        (NbdServerPeer a, NbdServerPeer b) =
            await StartServersAsync(MakeSparseFile("volume", Large));
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", b.Declared, "--selector", "round-robin 0");

        await QemuIoAsync(braid.Uri, "write -P 0x71 0 32M", "write -P 0x72 3G 32M",
            "write -P 0x73 8160M 32M", "read -P 0x71 0 32M", "read -P 0x72 3G 32M",
            "read -P 0x73 8160M 32M");
        using RawNbd client = await RawClient.OpenAsync(FilePath("m"));
        await client.CommandAsync(RawNbd.WriteZeroes, 1, 1 << 20, uint.MaxValue - 4095);
        (await client.SimpleReplyAsync(1)).ShouldBe(0u);
        await client.CommandAsync(RawNbd.Trim, 2, 5UL << 30, 3u << 30);
        (await client.SimpleReplyAsync(2)).ShouldBe(0u);
        await QemuIoAsync(braid.Uri, "read -P 0x71 0 1M", "read -P 0 1M 32M",
            "read -P 0 3G 32M", "read -P 0 8160M 32M");

        (await RunAsync("nbdinfo", "--map", braid.Uri))
            .ShouldBe(await RunAsync("nbdinfo", "--map", a.Uri));
        braid.ShouldHaveFailedNoPath();
    }

    [Fact]
    public async Task A_file_that_is_not_there_at_start_is_taken_when_it_comes()
    {
        Needs.Tool("nbdkit", "qemu-io");
        string volume = MakeSparseFile("volume", Size);
        NbdServerPeer a = Nbdkit("a", "file", volume);
        await a.StartAsync();
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", $"b={FilePath("link")}");
        (await braid.ReportAsync()).ShouldContain("No such file or directory");

        // The wrong one first.
        File.CreateSymbolicLink(FilePath("link"), MakeSparseFile("wrong", Size / 2));
        await braid.LogsAsync("path b: refused: its size is 8388608 bytes, not 16777216");
        File.Delete(FilePath("link"));
        File.CreateSymbolicLink(FilePath("link"), volume);
        await braid.LogsAsync("Reinstating path b");
        await a.KillAsync();

        await QemuIoAsync(braid.Uri, Patterns);
    }

    [Fact]
    public async Task A_server_of_memory_is_a_path()
    {
        Needs.Tool("nbdkit", "qemu-io");
        NbdServerPeer a = Nbdkit("a", "memory", "16M");
        await a.StartAsync();
        BraidProcess braid = await RunBraidAsync("--path", a.Uri, "--path", a.Uri);

        await QemuIoAsync(braid.Uri, Patterns);

        braid.ShouldHaveFailedNoPath();
    }

    [Fact]
    public async Task Two_paths_to_one_store_in_memory_make_one_volume()
    {
        Needs.Tool("qemu-io");
        BraidProcess braid = await RunBraidAsync(
            "--path", "mem:store?size=16M", "--path", "mem:store", "--selector", "round-robin 0");

        await QemuIoAsync(braid.Uri, Patterns);

        braid.ShouldHaveFailedNoPath();
    }

    [Fact]
    public async Task Exports_of_one_server_are_told_apart_by_name()
    {
        Needs.Tool("qemu-nbd", "qemu-io");
        NbdServerPeer a = QemuNbd(
            "a", "-f", "raw", "-x", "some volume", MakeSparseFile("volume", Size));
        await a.StartAsync();
        BraidProcess braid = await RunBraidAsync("--path", a.UriOf("some%20volume"));

        await QemuIoAsync(braid.Uri, Patterns);
        Peer wrong = await StartBraidAsync("--name", "wrong", "--path", a.UriOf("another"));

        (await wrong.WaitForExitAsync()).ShouldBe(1);
        wrong.Errors.ShouldContain(line => line.Contains("'another'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Qemu_nbd_serves_a_raw_image_as_two_paths()
    {
        Needs.Tool("qemu-nbd", "qemu-io");
        NbdServerPeer a = QemuNbd("a", "-f", "raw", MakeSparseFile("volume", Size));
        await a.StartAsync();
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Uri, "--path", a.Uri, "--selector", "round-robin 0");

        await QemuIoAsync(braid.Uri, Patterns);

        braid.ShouldHaveFailedNoPath();
    }

    [Fact]
    public async Task Qemu_nbd_serves_a_qcow2_image_as_two_paths()
    {
        Needs.Tool("qemu-nbd", "qemu-img", "qemu-io");
        string image = FilePath("image");
        await RunAsync("qemu-img", "create", "-q", "-f", "qcow2", image, "16M");
        NbdServerPeer a = QemuNbd("a", "-f", "qcow2", image);
        await a.StartAsync();
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Uri, "--path", a.Uri, "--selector", "round-robin 0");

        await QemuIoAsync(braid.Uri, Patterns);
        await a.Process.StopByAsync(a.Process.Terminate);

        await RunAsync("qemu-img", "check", "-q", "-f", "qcow2", image);
    }
}
