// SPDX-License-Identifier: Apache-2.0
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop;

/// <summary>Paths that are files, on each backend, through the page cache and past it.</summary>
public abstract class FileTests(string backend) : InteropTest
{
    private const long Size = 16 << 20;

    [Theory]
    [InlineData("")]
    [InlineData("?direct=1")]
    public async Task Qemu_io_reads_back_the_patterns_it_wrote(string how)
    {
        Needs.Tool("qemu-io");
        BraidProcess braid = await StartAsync(MakeSparseFile("volume", Size), how);

        await QemuIoAsync(braid.Uri, QemuIoTests.Patterns);

        braid.ShouldHaveFailedNoPath();
    }

    [Theory]
    [InlineData("")]
    [InlineData("?direct=1")]
    public async Task A_copy_there_and_back_is_the_same(string how)
    {
        Needs.Tool("nbdcopy", "cmp");
        string data = MakeRandomFile("data", Size);
        string volume = MakeSparseFile("volume", Size);
        BraidProcess braid = await StartAsync(volume, how);

        await RunAsync("nbdcopy", "--flush", data, braid.Uri);
        await RunAsync("cmp", data, volume);
        await RunAsync("nbdcopy", braid.Uri, FilePath("back"));

        await RunAsync("cmp", data, FilePath("back"));
        braid.ShouldHaveFailedNoPath();
    }

    [Theory]
    [InlineData("")]
    [InlineData("?direct=1")]
    public async Task Writes_with_flushes_trims_and_verified_reads_of_fio_agree(string how)
    {
        Needs.Tool("fio");
        BraidProcess braid = await StartAsync(MakeSparseFile("volume", Size), how);

        await FioAsync(braid, "--rw=randtrim", "--bs=64k", "--iodepth=16");
        await FioAsync(braid, "--rw=randwrite", "--bs=4k", "--iodepth=32", "--fsync=64");
        // Neighbours: merged requests of many segments.
        await FioAsync(braid, "--rw=write", "--bsrange=4k-1M", "--iodepth=32");

        braid.ShouldHaveFailedNoPath();
    }

    [Fact]
    public async Task What_is_allocated_is_what_a_server_of_the_file_says()
    {
        Needs.Tool("nbdkit", "nbdinfo", "qemu-io");
        string volume = MakeSparseFile("volume", Size);
        BraidProcess braid = await StartAsync(volume, "");
        await QemuIoAsync(braid.Uri, "write 1M 1M", "write -z 8M 1M", "discard 1M 64k", "flush");
        NbdServerPeer server = Nbdkit("a", "file", volume);
        await server.StartAsync();

        (await RunAsync("nbdinfo", "--map", braid.Uri))
            .ShouldBe(await RunAsync("nbdinfo", "--map", server.Uri));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?direct=1")]
    public async Task A_block_device_is_copied_zeroed_and_trimmed_by_its_sectors(string how)
    {
        Needs.Tool("losetup", "nbdcopy", "nbdinfo", "qemu-io", "cmp", "fio");
        string data = MakeRandomFile("data", Size);
        await OnLoopDeviceAsync(async device =>
        {
            BraidProcess braid = await StartAsync(device, how);

            await RunAsync("nbdcopy", "--flush", data, braid.Uri);
            await RunAsync("nbdcopy", braid.Uri, FilePath("back"));
            await RunAsync("cmp", data, FilePath("back"));
            await QemuIoAsync(
                braid.Uri, "write -P 7 0 64k", "write -z 512 1k", "read -P 0 512 1k",
                "read -P 7 1536 1k", "discard 4096 512", "read -P 7 4608 1k");
            // After zeroes, which tmpfs cannot do: such a device takes no holes any more.
            await FioAsync(braid, "--rw=randtrim", "--bs=64k", "--iodepth=16");
            (await RunAsync("nbdinfo", braid.Uri)).ShouldContain("block_size_minimum: 512");
            (await RunAsync("nbdinfo", "--map", braid.Uri)).ShouldContain("data");
            braid.ShouldHaveFailedNoPath();
            await braid.StopAsync();
        });
    }

    [Fact]
    public async Task A_block_device_that_is_read_only_is_served_so()
    {
        Needs.Tool("losetup", "nbdinfo");
        await OnLoopDeviceAsync(
            async device =>
            {
                BraidProcess braid = await StartAsync(device, "");
                (await RunAsync("nbdinfo", braid.Uri)).ShouldContain("is_read_only: true");
                await braid.StopAsync();
            },
            "--read-only");
    }

    /// <summary>The one path of a map fails with the medium's error, as a disk's does.</summary>
    [Fact]
    public async Task A_file_that_was_cut_short_is_an_error_of_its_reads()
    {
        Needs.Tool("qemu-io");
        string volume = MakeSparseFile("volume", Size);
        BraidProcess braid = await StartAsync(volume, "");
        await QemuIoAsync(braid.Uri, "write -P 7 0 64k");
        using (FileStream file = File.OpenWrite(volume)) file.SetLength(32 << 10);

        (await FailAsync("qemu-io", "-f", "raw", braid.Uri, "-c", "read 16k 32k"))
            .ShouldContain("Input/output error");
    }

    [Fact]
    public async Task Braid_ends_in_order_while_its_file_is_busy()
    {
        Needs.Tool("fio");
        BraidProcess braid = await StartAsync(MakeSparseFile("volume", Size), "?direct=1");
        await StartToolAsync("fio", Fio.Arguments(
            braid.Uri, Size, "--rw=randwrite", "--bs=64k", "--iodepth=32", "--verify=0",
            "--time_based", "--runtime=600"));
        await braid.HasMoreIosThanAsync(100);

        await braid.StopAsync();

        braid.ShouldHaveFailedNoPath();
    }

    private Task<BraidProcess> StartAsync(string volume, string how) =>
        RunBraidAsync("--io", backend, "--path", $"file://{volume}{how}");

    /// <summary>A loop device over a file of tmpfs, for as long as the story takes.</summary>
    private async Task OnLoopDeviceAsync(Func<string, Task> story, params string[] options)
    {
        if (!Environment.IsPrivilegedProcess || !File.Exists("/dev/loop-control"))
            Assert.Skip("no right to make a loop device");
        string volume = $"/dev/shm/braid-loop-{Guid.NewGuid():N}";
        using (FileStream file = File.Create(volume)) file.SetLength(Size);
        string shown = await RunAsync("losetup", ["--find", "--show", .. options, volume]);
        string device = shown.Trim();
        // The device keeps it.
        File.Delete(volume);
        try
        {
            await story(device);
        }
        finally
        {
            await RunAsync("losetup", "--detach", device);
        }
    }

    private async Task FioAsync(BraidProcess braid, params string[] arguments) =>
        await RunAsync("fio", Fio.Arguments(braid.Uri, Size, arguments));
}

public sealed class EpollFileTests() : FileTests("epoll");

/// <summary>Where io_uring is not allowed, as in many containers, this is epoll again.</summary>
public sealed class UringFileTests() : FileTests("auto");
