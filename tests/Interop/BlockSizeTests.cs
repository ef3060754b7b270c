// SPDX-License-Identifier: Apache-2.0
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop;

/// <summary>Paths that take only blocks of some size.</summary>
public sealed class BlockSizeTests : InteropTest
{
    private const long Size = 16 << 20;

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public async Task A_request_that_is_not_in_whole_blocks_gets_EINVAL_and_fails_no_path(
        int block)
    {
        Needs.Tool("nbdkit", "nbdinfo", "nbdcopy", "qemu-io", "cmp");
        string data = MakeRandomFile("data", Size);
        string volume = MakeSparseFile("volume", Size);
        NbdServerPeer a = Policy("a", volume, $"blocksize-minimum={block}");
        NbdServerPeer b = Nbdkit("b", "file", volume);
        await a.StartAsync();
        await b.StartAsync();
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", b.Declared, "--selector", "round-robin 0");

        (await RunAsync("nbdinfo", braid.Uri)).ShouldContain($"block_size_minimum: {block}");
        using RawNbd client = await RawClient.OpenAsync(FilePath("m"));
        uint half = (uint)block / 2;
        await client.CommandAsync(RawNbd.Read, 1, half, half);
        (await client.SimpleReplyAsync(1)).ShouldBe(RawNbd.Einval);
        await client.CommandAsync(RawNbd.Write, 2, 0, half, payload: new byte[half]);
        (await client.SimpleReplyAsync(2)).ShouldBe(RawNbd.Einval);
        await client.CommandAsync(RawNbd.WriteZeroes, 3, half, 2 * half);
        (await client.SimpleReplyAsync(3)).ShouldBe(RawNbd.Einval);

        // qemu reads, changes and writes the whole blocks around.
        await RunAsync("nbdcopy", "--flush", data, braid.Uri);
        await RunAsync("cmp", data, volume);
        await QemuIoAsync(braid.Uri, "write -P 0x31 100 50", "read -P 0x31 100 50");
        braid.ShouldHaveFailedNoPath();
    }

    [Fact]
    public async Task Long_requests_are_cut_to_what_every_path_takes()
    {
        Needs.Tool("nbdkit", "nbdcopy", "cmp");
        string data = MakeRandomFile("data", Size);
        string volume = MakeSparseFile("volume", Size);
        NbdServerPeer a = Policy(
            "a", volume, "blocksize-preferred=4K", "blocksize-maximum=64K");
        NbdServerPeer b = Nbdkit("b", "file", volume);
        await a.StartAsync();
        await b.StartAsync();
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", b.Declared, "--selector", "round-robin 0");

        await RunAsync("nbdcopy", "--flush", "--request-size=4194304", data, braid.Uri);
        await RunAsync("cmp", data, volume);
        await RunAsync("nbdcopy", "--request-size=4194304", braid.Uri, FilePath("back"));

        await RunAsync("cmp", data, FilePath("back"));
        braid.ShouldHaveFailedNoPath();
    }

    [Fact]
    public async Task A_file_with_direct_io_takes_whole_blocks_only()
    {
        Needs.Tool("nbdinfo", "nbdcopy", "cmp");
        string data = MakeRandomFile("data", Size);
        string volume = MakeSparseFile("volume", Size);
        BraidProcess braid = await RunBraidAsync("--path", $"file://{volume}?direct=1");

        (await RunAsync("nbdinfo", braid.Uri)).ShouldContain("block_size_minimum: 4096");
        await RunAsync("nbdcopy", "--flush", data, braid.Uri);

        await RunAsync("cmp", data, volume);
        braid.ShouldHaveFailedNoPath();
    }

    [Theory]
    [InlineData("blocksize-minimum=4096", "its block size is 4096, not 1")]
    [InlineData("blocksize-maximum=64K", "it takes only 65536 bytes in a request")]
    public async Task A_path_that_comes_later_and_can_do_less_than_promised_is_refused(
        string policy, string reason)
    {
        Needs.Tool("nbdkit", "nbdcopy", "cmp");
        string data = MakeRandomFile("data", Size);
        string volume = MakeSparseFile("volume", Size);
        NbdServerPeer a = Nbdkit("a", "file", volume);
        NbdServerPeer b = Policy("b", volume, "blocksize-preferred=4096", policy);
        await a.StartAsync();
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", b.Declared, "--selector", "round-robin 0");

        await b.StartAsync();
        await braid.LogsAsync($"refused: it can do less than others: {reason}");
        await RunAsync("nbdcopy", "--flush", "--request-size=1048576", data, braid.Uri);
        using RawNbd client = await RawClient.OpenAsync(FilePath("m"));
        await client.CommandAsync(RawNbd.Write, 1, 100, 50, payload: new byte[50]);
        (await client.SimpleReplyAsync(1)).ShouldBe(0u);

        (await braid.ReportAsync()).ShouldContain(reason);
        braid.Logged("Reinstating path b").ShouldBe(0);
        braid.Logged("Failing path a").ShouldBe(0);
    }

    [Fact]
    public async Task A_path_that_comes_later_and_is_read_only_is_refused()
    {
        Needs.Tool("nbdkit", "qemu-io");
        string volume = MakeSparseFile("volume", Size);
        NbdServerPeer a = Nbdkit("a", "file", volume);
        NbdServerPeer b = Nbdkit("b", "-r", "file", volume);
        await a.StartAsync();
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", b.Declared, "--selector", "round-robin 0");

        await b.StartAsync();
        await braid.LogsAsync("it is read-only");

        await QemuIoAsync(braid.Uri, "write -P 1 0 4k", "write -P 2 4k 4k", "write -P 3 8k 4k");
        braid.Logged("Reinstating path b").ShouldBe(0);
    }

    /// <summary>
    /// No path has said what it takes when the map is made, so that the map takes what it can cut
    /// to any path's size.
    /// </summary>
    [Fact]
    public async Task A_map_that_started_without_paths_copies_over_one_that_takes_short_requests()
    {
        Needs.Tool("nbdkit", "nbdcopy", "cmp");
        string data = MakeRandomFile("data", Size);
        string volume = MakeSparseFile("volume", Size);
        NbdServerPeer a = Policy(
            "a", volume, "blocksize-preferred=4K", "blocksize-maximum=1M");
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--size", "16M", "--queue-if-no-path");

        await a.StartAsync();
        await braid.LogsAsync("Reinstating path a");
        await RunAsync("nbdcopy", "--flush", "--request-size=4194304", data, braid.Uri);

        await RunAsync("cmp", data, volume);
        braid.Logged("Failing path a").ShouldBe(1);
    }

    private NbdServerPeer Policy(string name, string volume, params string[] policy) => Nbdkit(
        name, ["--filter=blocksize-policy", "file", volume, "blocksize-error-policy=error",
            .. policy]);
}
