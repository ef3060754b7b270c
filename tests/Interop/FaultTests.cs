// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop;

/// <summary>Paths that die, hang and come back under load.</summary>
public sealed class FaultTests : InteropTest
{
    private const long Size = 48 << 20;

    /// <summary>
    /// One pass in random order that writes no block twice, then one that verifies. Not twice,
    /// because a stopped server keeps commands in its socket and executes them when it goes on,
    /// here after the quiesce time: it would put the older of two writes over the newer one. The
    /// retry of a write carries the same bytes, so that here it does no harm.
    /// </summary>
    [Theory]
    [InlineData("mq")]
    [InlineData("bio")]
    public async Task No_error_reaches_fio_while_each_path_is_killed_stopped_and_brought_back(
        string mode)
    {
        Needs.Tool("nbdkit", "fio");
        (NbdServerPeer a, NbdServerPeer b) =
            await StartServersAsync(MakeSparseFile("volume", Size));
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", b.Declared, "--io-timeout", "1",
            "--connect-timeout", "1", "--queue-mode", mode);
        // 12288 blocks at 400 a second: half a minute, in which all of this happens.
        Peer fio = await StartToolAsync("fio", Fio.Arguments(
            braid.Uri, Size, "--rw=randwrite", "--bs=4k", "--iodepth=32", "--rate_iops=,400"));
        await braid.HasMoreIosThanAsync(100);

        await PlayAsync(braid, fio, a, "a");
        await PlayAsync(braid, fio, b, "b");

        (await fio.WaitForExitAsync()).ShouldBe(0, $"{fio}\n{braid.Process}");
        braid.Logged("Failing path a").ShouldBe(2);
        braid.Logged("Failing path b").ShouldBe(2);
    }

    [Fact]
    public async Task A_paused_server_is_left_after_the_io_timeout_and_taken_back()
    {
        Needs.Tool("nbdkit", "qemu-io");
        string volume = MakeSparseFile("volume", Size);
        NbdServerPeer a = Nbdkit(
            "a", "--filter=pause", "file", volume, $"pause-control={FilePath("pause")}");
        NbdServerPeer b = Nbdkit("b", "file", volume);
        await a.StartAsync();
        await b.StartAsync();
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", b.Declared, "--grouping", "failover",
            "--io-timeout", "1");
        using RawNbd control = await RawClient.ConnectAsync(FilePath("pause"));

        await control.SendAsync("p");
        (await control.ReceiveAsync(1)).ShouldBe("P"u8.ToArray());
        await QemuIoAsync(braid.Uri, "write -P 0x77 1M 64k", "read -P 0x77 1M 64k");
        braid.Logged("Failing path a").ShouldBe(1);
        braid.Logged("no reply within 1000 ms").ShouldBe(1);
        await control.SendAsync("r");
        (await control.ReceiveAsync(1)).ShouldBe("R"u8.ToArray());

        await braid.LogsAsync("Reinstating path a");
        await QemuIoAsync(braid.Uri, "read -P 0x77 1M 64k");
        braid.Logged("Failing path b").ShouldBe(0);
    }

    [Fact]
    public async Task A_hung_path_without_io_is_found_by_its_probe()
    {
        Needs.Tool("nbdkit");
        (NbdServerPeer a, NbdServerPeer b) =
            await StartServersAsync(MakeSparseFile("volume", Size));
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", b.Declared, "--io-timeout", "1");

        a.Process.Stop();
        await braid.LogsAsync("Failing path a");
        a.Process.Continue();

        await braid.LogsAsync("Reinstating path a");
        braid.Logged("Failing path b").ShouldBe(0);
    }

    [Fact]
    public async Task Io_on_a_hung_path_goes_on_after_the_io_timeout()
    {
        Needs.Tool("nbdkit");
        (NbdServerPeer a, NbdServerPeer b) =
            await StartServersAsync(MakeSparseFile("volume", Size));
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", b.Declared, "--grouping", "failover",
            "--io-timeout", "2");
        using RawNbd client = await RawClient.OpenAsync(FilePath("m"));
        a.Process.Stop();

        var clock = Stopwatch.StartNew();
        await client.CommandAsync(RawNbd.Write, 1, 0, 4096, 0, new byte[4096]);
        (await client.SimpleReplyAsync(1)).ShouldBe(0u);

        clock.Elapsed.ShouldBeInRange(TimeSpan.FromSeconds(1.9), TimeSpan.FromSeconds(4));
        braid.Logged("Failing path b").ShouldBe(0);
    }

    [Fact]
    public async Task A_braid_that_was_stopped_for_longer_than_the_io_timeout_fails_no_path()
    {
        Needs.Tool("nbdkit", "fio");
        (NbdServerPeer a, NbdServerPeer b) =
            await StartServersAsync(MakeSparseFile("volume", Size));
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", b.Declared, "--io-timeout", "1");
        Peer fio = await StartToolAsync("fio", Fio.Arguments(
            braid.Uri, Size, "--rw=randwrite", "--bs=64k", "--iodepth=64",
            "--rate_iops=,100"));
        for (int i = 0; i < 3; i++)
        {
            await braid.HasMoreIosThanAsync(await braid.CountIosAsync());
            braid.Process.Stop();
            await Eventually.HasPassedAsync(TimeSpan.FromSeconds(1.5));
            braid.Process.Continue();
        }

        (await fio.WaitForExitAsync()).ShouldBe(0, $"{fio}\n{braid.Process}");
        braid.ShouldHaveFailedNoPath();
    }

    [Fact]
    public async Task Paths_and_clients_that_come_and_go_leave_no_descriptor_open()
    {
        Needs.Tool("nbdkit", "nbdinfo");
        (NbdServerPeer a, NbdServerPeer b) =
            await StartServersAsync(MakeSparseFile("volume", Size));
        BraidProcess braid = await RunBraidAsync("--path", a.Declared, "--path", b.Declared);
        await RunAsync("nbdinfo", "--map", braid.Uri);
        int before = braid.CountDescriptors();

        for (int i = 1; i <= 3; i++)
        {
            await a.KillAsync();
            await braid.LogsAsync("Failing path a", times: i);
            for (int j = 0; j < 50; j++)
            {
                using RawNbd client = await RawClient.ConnectAsync(FilePath("m"));
                if (j % 3 > 0) await RawClient.GoAsync(client);
                if (j % 3 > 1) await client.CommandAsync(RawNbd.Write, 1, 0, 1 << 20);
            }
            await a.StartAsync();
            await braid.LogsAsync("Reinstating path a", times: i);
        }

        await Eventually.IsTrueAsync(
            () => braid.CountDescriptors() <= before,
            () => $"{braid.CountDescriptors()} descriptors become {before} again");
    }

    [Fact]
    public async Task A_map_over_maps_survives_the_end_of_one_of_them()
    {
        Needs.Tool("nbdkit", "fio");
        (NbdServerPeer a, NbdServerPeer b) =
            await StartServersAsync(MakeSparseFile("volume", Size));
        BraidProcess left = await RunBraidOnAsync(
            [$"nbd+unix:///l?socket={FilePath("l")}"], "--name", "left", "--path", a.Declared);
        BraidProcess right = await RunBraidOnAsync(
            [$"nbd+unix:///r?socket={FilePath("r")}"], "--name", "right", "--path", a.Declared,
            "--path", b.Declared);
        BraidProcess braid = await RunBraidAsync("--path", left.Uri, "--path", right.Uri);
        Peer fio = await StartToolAsync("fio", Fio.Arguments(
            braid.Uri, Size, "--rw=randwrite", "--bs=16k", "--iodepth=32",
            "--rate_iops=,1000"));
        await braid.HasMoreIosThanAsync(500);

        await left.StopAsync();

        (await fio.WaitForExitAsync()).ShouldBe(0, $"{fio}\n{braid.Process}");
        braid.Logged("Failing path p1").ShouldBe(1);
        braid.Logged("Failing path p2").ShouldBe(0);
    }

    [Fact]
    public async Task A_server_that_wants_to_exit_serves_its_path_until_braid_goes()
    {
        Needs.Tool("nbdkit", "qemu-io");
        string volume = MakeSparseFile("volume", Size);
        NbdServerPeer a = Nbdkit("a", "--filter=exitwhen", "file", volume,
            $"exit-when-file-created={FilePath("exit")}", "exit-when-poll=1");
        await a.StartAsync();
        BraidProcess braid = await RunBraidAsync("--path", a.Declared);

        MakeSparseFile("exit", 0);
        await QemuIoAsync(braid.Uri, "write -P 0x12 0 64k", "read -P 0x12 0 64k");
        await braid.StopAsync();

        (await a.Process.WaitForExitAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task A_server_that_shuts_down_is_let_go_at_once_and_its_successor_taken()
    {
        Needs.Tool("nbdkit", "qemu-io");
        (NbdServerPeer a, NbdServerPeer b) =
            await StartServersAsync(MakeSparseFile("volume", Size));
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", b.Declared, "--grouping", "failover");

        // nbdkit answers ESHUTDOWN now, and would wait 30 s for a client that stays.
        var clock = Stopwatch.StartNew();
        a.Process.Terminate();
        await QemuIoAsync(braid.Uri, "write -P 0x12 0 64k", "read -P 0x12 0 64k");
        await a.Process.WaitForExitAsync();
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(20));
        braid.Logged("Failing path a").ShouldBe(1);
        await a.StartAsync();
        await braid.LogsAsync("Reinstating path a");
        await b.KillAsync();

        await QemuIoAsync(braid.Uri, "read -P 0x12 0 64k");
    }

    [Fact]
    public async Task A_slow_path_gets_few_of_the_ios_from_service_time()
    {
        Needs.Tool("nbdkit", "fio");
        string volume = MakeSparseFile("volume", Size);
        NbdServerPeer slow = Nbdkit("slow", "--filter=log", "--filter=delay", "file", volume,
            $"logfile={FilePath("slow.log")}", "rdelay=100ms", "wdelay=100ms");
        NbdServerPeer quick = Nbdkit("quick", "--filter=log", "file", volume,
            $"logfile={FilePath("quick.log")}");
        await slow.StartAsync();
        await quick.StartAsync();
        BraidProcess braid = await RunBraidAsync(
            "--path", slow.Declared, "--path", quick.Declared, "--selector", "service-time 0");

        await RunAsync("fio", Fio.Arguments(braid.Uri, 16 << 20, "--rw=randwrite", "--bs=4k",
            "--iodepth=16"));
        await braid.StopAsync();

        int slowOnes = CountIos("slow.log");
        slowOnes.ShouldBeGreaterThan(0);
        CountIos("quick.log").ShouldBeGreaterThan(4 * slowOnes);
    }

    [Fact]
    public async Task A_path_with_a_limited_rate_is_slow_and_not_failed()
    {
        Needs.Tool("nbdkit", "nbdcopy", "cmp");
        string data = MakeRandomFile("data", 8 << 20);
        string volume = MakeSparseFile("volume", 8 << 20);
        NbdServerPeer a = Nbdkit("a", "--filter=rate", "file", volume, "rate=8M");
        NbdServerPeer b = Nbdkit("b", "file", volume);
        await a.StartAsync();
        await b.StartAsync();
        BraidProcess braid = await RunBraidAsync("--path", a.Declared, "--path", b.Declared);

        await RunAsync("nbdcopy", "--flush", "--request-size=65536", data, braid.Uri);

        await RunAsync("cmp", data, volume);
        braid.ShouldHaveFailedNoPath();
    }

    /// <summary>Killed, started; stopped, continued: the map must see it and mend.</summary>
    private static async Task PlayAsync(
        BraidProcess braid, Peer fio, NbdServerPeer server, string path)
    {
        fio.HasExited.ShouldBeFalse(fio.ToString());
        await server.KillAsync();
        await braid.LogsAsync($"Failing path {path}");
        await server.StartAsync();
        await braid.LogsAsync($"Reinstating path {path}");

        fio.HasExited.ShouldBeFalse(fio.ToString());
        server.Process.Stop();
        await braid.LogsAsync($"Failing path {path}", times: 2);
        server.Process.Continue();
        await braid.LogsAsync($"Reinstating path {path}", times: 2);
    }

    private int CountIos(string log) => File.ReadLines(FilePath(log)).Count(line =>
        line.Contains(" Read id=", StringComparison.Ordinal)
        || line.Contains(" Write id=", StringComparison.Ordinal));
}
