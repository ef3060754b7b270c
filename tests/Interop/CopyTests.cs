// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop;

/// <summary>Whole volumes in and out, with other people's copy programs.</summary>
public sealed class CopyTests : InteropTest
{
    private const long Large = 256 << 20;
    private const long Small = 32 << 20;

    [Theory]
    [InlineData(1, "1")]
    [InlineData(4, "1")]
    [InlineData(4, "2")]
    public async Task Data_of_256_MiB_copied_in_and_out_is_unchanged(
        int connections, string loops)
    {
        Needs.Tool("nbdkit", "nbdcopy", "cmp");
        string data = MakeRandomFile("data", Large);
        string volume = MakeSparseFile("volume", Large);
        (NbdServerPeer a, NbdServerPeer b) = await StartServersAsync(volume);
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", b.Declared, "--loops", loops);
        string parallel = string.Create(
            CultureInfo.InvariantCulture, $"--connections={connections}");

        await RunAsync("nbdcopy", parallel, "--flush", data, braid.Uri);
        await RunAsync("cmp", data, volume);
        await RunAsync("nbdcopy", parallel, braid.Uri, FilePath("back"));

        await RunAsync("cmp", data, FilePath("back"));
        braid.ShouldHaveFailedNoPath();
    }

    [Fact]
    public async Task Qemu_img_converts_into_the_map_and_compares_it_equal()
    {
        Needs.Tool("nbdkit", "qemu-img");
        string data = MakeRandomFile("data", Small);
        (NbdServerPeer a, NbdServerPeer b) =
            await StartServersAsync(MakeSparseFile("volume", Small));
        BraidProcess braid = await RunBraidAsync("--path", a.Declared, "--path", b.Declared);

        await RunAsync("qemu-img", "convert", "-n", "-W", "-m", "8", "-f", "raw", "-O", "raw",
            data, braid.Uri);
        string verdict = await RunAsync(
            "qemu-img", "compare", "-f", "raw", "-F", "raw", data, braid.Uri);

        verdict.ShouldContain("identical");
        braid.ShouldHaveFailedNoPath();
    }

    [Fact]
    public async Task Qemu_img_bench_writes_at_depth_64_with_flushes_between()
    {
        Needs.Tool("nbdkit", "qemu-img");
        (NbdServerPeer a, NbdServerPeer b) =
            await StartServersAsync(MakeSparseFile("volume", Small));
        BraidProcess braid = await RunBraidAsync("--path", a.Declared, "--path", b.Declared);

        await RunAsync("qemu-img", "bench", "-f", "raw", "-w", "-c", "4000", "-d", "64",
            "-s", "4096", "--flush-interval=128", braid.Uri);

        braid.ShouldHaveFailedNoPath();
    }

    [Fact]
    public async Task A_sparse_image_copied_over_old_data_is_sparse_in_the_volume()
    {
        Needs.Tool("nbdkit", "nbdcopy", "cmp", "stat", "cp");
        string data = MakeSparseFile("data", Small);
        await RunAsync("dd", $"if={MakeRandomFile("part", 1 << 20)}", $"of={data}", "bs=1M",
            "seek=8", "conv=notrunc");
        string volume = MakeRandomFile("volume", Small);
        (NbdServerPeer a, NbdServerPeer b) = await StartServersAsync(volume);
        BraidProcess braid = await RunBraidAsync("--path", a.Declared, "--path", b.Declared);

        await RunAsync("nbdcopy", "--flush", data, braid.Uri);

        await RunAsync("cmp", data, volume);
        long blocks = long.Parse(
            await RunAsync("stat", "-c", "%b", volume), CultureInfo.InvariantCulture);
        (blocks * 512).ShouldBeLessThan(Small / 4);
    }

    [Fact]
    public async Task Another_server_can_export_the_map_again()
    {
        Needs.Tool("nbdkit", "nbdcopy", "qemu-nbd", "cmp");
        string data = MakeRandomFile("data", Small);
        string volume = MakeSparseFile("volume", Small);
        (NbdServerPeer a, NbdServerPeer b) = await StartServersAsync(volume);
        BraidProcess braid = await RunBraidAsync("--path", a.Declared, "--path", b.Declared);
        NbdServerPeer outer = QemuNbd("outer", "-f", "raw", braid.Uri);
        await outer.StartAsync();

        await RunAsync("nbdcopy", "--flush", data, outer.Uri);

        await RunAsync("cmp", data, volume);
        braid.ShouldHaveFailedNoPath();
    }
}
