// SPDX-License-Identifier: Apache-2.0
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop;

/// <summary>Load with verification, by fio's nbd engine.</summary>
public sealed class FioTests : InteropTest
{
    private const long Size = 64 << 20;

    [Theory]
    [InlineData("none")]
    [InlineData("deadline")]
    public async Task Sequential_writes_of_512_bytes_to_1_MiB_verify(string scheduler)
    {
        BraidProcess braid = await StartAsync("--scheduler", scheduler);
        await FioAsync(braid, "--rw=write", "--bsrange=512-1M", "--iodepth=32");
    }

    [Theory]
    [InlineData("mq")]
    [InlineData("bio")]
    public async Task Random_writes_of_512_bytes_to_1_MiB_verify(string mode)
    {
        BraidProcess braid = await StartAsync("--queue-mode", mode);
        // Sizes that differ may overlap: fio orders what it verifies only when told to.
        await FioAsync(braid, "--rw=randwrite", "--bsrange=512-1M", "--iodepth=16",
            "--serialize_overlap=1");
    }

    [Fact]
    public async Task A_mix_of_70_reads_and_30_writes_verifies()
    {
        BraidProcess braid = await StartAsync();
        await FioAsync(braid, "--rw=randrw", "--rwmixread=70", "--bs=4k", "--iodepth=32",
            "--io_size=32M");
    }

    [Fact]
    public async Task Random_writes_at_depth_128_verify()
    {
        BraidProcess braid = await StartAsync("--selector", "queue-length 0");
        await FioAsync(braid, "--rw=randwrite", "--bs=4k", "--iodepth=128");
    }

    [Fact]
    public async Task Four_clients_at_once_verify_each_its_own_part()
    {
        BraidProcess braid = await StartAsync("--selector", "round-robin 0");
        await FioAsync(braid, "--rw=randwrite", "--bs=8k", "--iodepth=32", "--numjobs=4",
            "--size=16M", "--offset_increment=16M");
    }

    /// <summary>fio's nbd engine knows fsync, which is a flush, but refuses fdatasync.</summary>
    [Fact]
    public async Task Writes_with_flushes_between_verify()
    {
        BraidProcess braid = await StartAsync();
        await FioAsync(
            braid, "--rw=randwrite", "--bs=4k", "--iodepth=16", "--size=8M", "--fsync=16");
    }

    [Fact]
    public async Task Trims_before_the_writes_leave_what_was_written_last()
    {
        BraidProcess braid = await StartAsync();
        await FioAsync(braid, "--rw=randtrim", "--bs=64k", "--iodepth=16");
        await FioAsync(braid, "--rw=randwrite", "--bs=64k", "--iodepth=16");
        await FioAsync(braid, "--rw=trimwrite", "--bs=64k", "--iodepth=1", "--verify=0");
    }

    private async Task<BraidProcess> StartAsync(params string[] arguments)
    {
        Needs.Tool("nbdkit", "fio");
        (NbdServerPeer a, NbdServerPeer b) =
            await StartServersAsync(MakeSparseFile("volume", Size));
        return await RunBraidAsync(
            ["--path", a.Declared, "--path", b.Declared, .. arguments]);
    }

    private async Task FioAsync(BraidProcess braid, params string[] arguments)
    {
        await RunAsync("fio", Fio.Arguments(braid.Uri, Size, arguments));
        braid.ShouldHaveFailedNoPath();
    }
}
