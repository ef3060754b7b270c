// SPDX-License-Identifier: Apache-2.0
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop;

/// <summary>
/// Errors that servers answer: some mean that the path is bad, some that the request was.
/// </summary>
public sealed class ErrorTests : InteropTest
{
    private const long Size = 16 << 20;

    [Theory]
    [InlineData("EIO", "mq")]
    [InlineData("EIO", "bio")]
    [InlineData("ESHUTDOWN", "mq")]
    [InlineData("ENOMEM", "mq")]
    public async Task A_path_that_answers_errors_is_failed_and_its_io_retried(
        string error, string mode)
    {
        Needs.Tool("nbdkit", "qemu-io");
        string trigger = FilePath("trigger");
        BraidProcess braid = await StartAsync(mode, $"error={error}", "error-rate=100%",
            $"error-file={trigger}");
        await QemuIoAsync(braid.Uri, "write -P 0x11 0 1M");
        braid.ShouldHaveFailedNoPath();

        MakeSparseFile("trigger", 0);
        await QemuIoAsync(braid.Uri, "write -P 0x22 512k 1M", "read -P 0x11 0 512k",
            "read -P 0x22 512k 1M");

        braid.Logged("Failing path a").ShouldBe(1);
        braid.Logged("Failing path b").ShouldBe(0);
        File.Delete(trigger);
        await braid.LogsAsync("Reinstating path a");
        await QemuIoAsync(braid.Uri, "read -P 0x22 512k 1M");
    }

    [Theory]
    [InlineData("ENOSPC", "No space left on device", "mq")]
    [InlineData("EINVAL", "Invalid argument", "mq")]
    [InlineData("EPERM", "Operation not permitted", "mq")]
    [InlineData("ENOSPC", "No space left on device", "bio")]
    [InlineData("EINVAL", "Invalid argument", "bio")]
    public async Task An_error_of_the_request_reaches_the_client_and_fails_no_path(
        string error, string text, string mode)
    {
        Needs.Tool("nbdkit", "qemu-io");
        BraidProcess braid = await StartAsync(mode, $"error-pwrite={error}",
            "error-pwrite-rate=100%");

        string said = await FailAsync(
            "qemu-io", [.. BraidProcess.RawImage, "-c", "write 0 64k", braid.Uri]);

        said.ShouldContain(text);
        await QemuIoAsync(braid.Uri, "read -P 0 0 64k");
        braid.ShouldHaveFailedNoPath();
    }

    [Fact]
    public async Task Fio_verifies_over_a_path_that_fails_one_io_in_twenty()
    {
        Needs.Tool("nbdkit", "fio");
        BraidProcess braid = await StartAsync("mq", "error-pread-rate=5%",
            "error-pwrite-rate=5%");

        await RunAsync("fio", Fio.Arguments(
            braid.Uri, Size, "--rw=randwrite", "--bs=4k", "--iodepth=32"));

        braid.Logged("Failing path a").ShouldBeGreaterThan(0);
        braid.Logged("Failing path b").ShouldBe(0);
    }

    [Fact]
    public async Task A_write_to_a_read_only_volume_is_refused_and_fails_no_path()
    {
        Needs.Tool("nbdkit", "qemu-io", "nbdinfo");
        string volume = MakeRandomFile("volume", Size);
        NbdServerPeer a = Nbdkit("a", "-r", "file", volume);
        NbdServerPeer b = Nbdkit("b", "file", volume);
        await a.StartAsync();
        await b.StartAsync();
        BraidProcess braid = await RunBraidAsync("--path", a.Declared, "--path", b.Declared);

        (await RunAsync("nbdinfo", braid.Uri)).ShouldContain("is_read_only: true");
        using RawNbd client = await RawClient.OpenAsync(FilePath("m"));
        await client.CommandAsync(RawNbd.Write, 1, 0, 512, payload: new byte[512]);
        (await client.SimpleReplyAsync(1)).ShouldBe(RawNbd.Eperm);
        await client.CommandAsync(RawNbd.Trim, 2, 0, 512);
        (await client.SimpleReplyAsync(2)).ShouldBe(RawNbd.Eperm);

        await RunAsync("qemu-img", "compare", "-f", "raw", "-F", "raw", volume, braid.Uri);
        braid.ShouldHaveFailedNoPath();
        (await braid.ReportAsync()).ShouldContain("wp=ro");
    }

    /// <summary>Path a, in use, with nbdkit's error filter; path b in reserve, without.</summary>
    private async Task<BraidProcess> StartAsync(string mode, params string[] errors)
    {
        string volume = MakeSparseFile("volume", Size);
        NbdServerPeer a = Nbdkit("a", ["--filter=error", "file", volume, .. errors]);
        NbdServerPeer b = Nbdkit("b", "file", volume);
        await a.StartAsync();
        await b.StartAsync();
        return await RunBraidAsync("--path", a.Declared, "--path", b.Declared,
            "--grouping", "failover", "--queue-mode", mode);
    }
}
