// SPDX-License-Identifier: Apache-2.0
using System.Net.Sockets;
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop;

/// <summary>The program itself: what it prints, its signals, its exit status, its demo.</summary>
public sealed class RunTests : InteropTest
{
    private const long Size = 16 << 20;

    [Fact]
    public async Task It_prints_its_topology_at_the_start_and_on_SIGUSR1()
    {
        Needs.Tool("nbdkit");
        (NbdServerPeer a, NbdServerPeer b) =
            await StartServersAsync(MakeSparseFile("volume", Size));
        BraidProcess braid = await RunBraidAsync("--path", a.Declared, "--path", b.Declared,
            "--name", "vol7", "--queue-if-no-path");

        string[] start = [.. braid.Process.Output];
        start[0].ShouldStartWith("vol7 ");
        start[1].ShouldContain("size=16M features='1 queue_if_no_path'");
        start[1].ShouldContain("wp=rw");
        start[2].ShouldContain("policy='service-time 0'");
        start[3].ShouldBe($"  |- a active ready running {a.Uri}");
        start[4].ShouldBe($"  `- b active ready running {b.Uri}");
        await a.KillAsync();
        await braid.LogsAsync("Failing path a");

        string report = await braid.ReportAsync();

        BraidProcess.Row(report, "a").ShouldContain("failed faulty offline");
        BraidProcess.Row(report, "b").ShouldContain("active ready running");
        await a.StartAsync();
        await braid.ShowsAsync("a", "active ready running");
    }

    [Fact]
    public async Task It_logs_one_line_for_each_thing_that_happens_to_a_path()
    {
        Needs.Tool("nbdkit");
        (NbdServerPeer a, NbdServerPeer b) =
            await StartServersAsync(MakeSparseFile("volume", Size));
        BraidProcess braid = await RunBraidAsync("--path", a.Declared, "--path", b.Declared);

        await a.KillAsync();
        await braid.LogsAsync("Failing path a");
        await a.StartAsync();
        await braid.LogsAsync("Reinstating path a");
        await braid.StopAsync();

        string[] once =
        [
            "path a: down: closed by the peer", "Failing path a.", "path a: connected",
            "Reinstating path a.", "remaining active paths: 1", "remaining active paths: 2",
        ];
        foreach (string line in once) braid.Logged(line).ShouldBe(1, line);
        int losses = braid.Logged(" down: ") + braid.Logged("Failing path");
        braid.Logged("warn: braid[0] ").ShouldBe(losses);
        braid.Logged("info: braid[0] ").ShouldBe(braid.Log.Count - losses);
        braid.Log.ShouldAllBe(line => !line.Contains("path b", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Quiet_logs_that_paths_are_lost_and_nothing_else()
    {
        Needs.Tool("nbdkit");
        (NbdServerPeer a, NbdServerPeer b) =
            await StartServersAsync(MakeSparseFile("volume", Size));
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", b.Declared, "--quiet");

        await a.KillAsync();
        await braid.ShowsAsync("a", "failed");
        await b.KillAsync();
        await braid.ShowsAsync("b", "failed");
        await a.StartAsync();
        await braid.ShowsAsync("a", "active");
        await braid.StopAsync();

        string[] losses =
        [
            "path a: down: ", "Failing path a.", "path b: down: ", "Failing path b.",
            "remaining active paths: 0",
        ];
        foreach (string loss in losses) braid.Logged(loss).ShouldBeGreaterThan(0, loss);
        braid.Log.ShouldAllBe(line => losses.Any(loss => line.Contains(loss)));
    }

    [Fact]
    public async Task A_log_that_nobody_reads_holds_up_neither_io_nor_the_end()
    {
        const int MoreThanPipeAndQueueTake = 1500;
        string uri = $"nbd+unix:///vol?socket={FilePath("m")}";
        string run = $"exec dotnet {BraidProcess.Program} run --path 'mem:x?size=1M' "
            + $"--export '{uri}' 2> >(exec sleep 60 >/dev/null 2>&1)";
        var braid = new BraidProcess(await StartAsync("braid", "bash", ["-c", run]));
        await braid.WaitForExportAsync();
        byte[] flagsThatNobodyKnows = [255, 255, 255, 255];
        for (int i = 0; i < MoreThanPipeAndQueueTake; i++)
        {
            using var liar = new Socket(
                AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await liar.ConnectAsync(new UnixDomainSocketEndPoint(FilePath("m")));
            await liar.SendAsync(flagsThatNobodyKnows);
            while (await liar.ReceiveAsync(new byte[64]) > 0) continue;
        }

        using RawNbd client = await RawClient.OpenAsync(FilePath("m"));
        await client.CommandAsync(RawNbd.Write, 1, 0, 4096, 0, new byte[4096]);
        (await client.SimpleReplyAsync(1)).ShouldBe(0u);

        await braid.StopAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [InlineData(null)]
    public async Task A_signal_lets_io_in_flight_end_and_be_answered(bool? interrupt)
    {
        Needs.Tool("nbdkit", "qemu-io");
        string volume = MakeSparseFile("volume", Size);
        NbdServerPeer a = Nbdkit("a", "--filter=delay", "file", volume, "wdelay=1500ms");
        await a.StartAsync();
        BraidProcess braid = await RunBraidAsync("--path", a.Declared);
        using RawNbd client = await RawClient.OpenAsync(FilePath("m"));
        long before = await braid.CountIosAsync();
        await client.CommandAsync(RawNbd.Write, 1, 0, 4096, 0, new byte[4096]);
        await braid.HasMoreIosThanAsync(before);

        await braid.StopAsync(
            interrupt switch
            {
                null => braid.Process.HangUp,
                true => braid.Process.Interrupt,
                false => braid.Process.Terminate,
            });

        (await client.SimpleReplyAsync(1)).ShouldBe(0u);
        (await client.IsClosedAsync()).ShouldBeTrue();
    }

    [Fact]
    public async Task Sigterm_ends_it_in_time_although_a_path_hangs()
    {
        Needs.Tool("nbdkit");
        NbdServerPeer a = Nbdkit("a", "file", MakeSparseFile("volume", Size));
        await a.StartAsync();
        BraidProcess braid = await RunBraidAsync("--path", a.Declared);
        a.Process.Stop();
        using RawNbd client = await RawClient.OpenAsync(FilePath("m"));
        long before = await braid.CountIosAsync();
        await client.CommandAsync(RawNbd.Write, 1, 0, 4096, 0, new byte[4096]);
        await braid.HasMoreIosThanAsync(before);

        await braid.StopAsync();

        (await client.IsClosedAsync()).ShouldBeTrue();
    }

    [Fact]
    public async Task Sigterm_while_the_paths_are_still_being_reached_ends_it_at_once()
    {
        var silent = new LyingServer(
            FilePath("liar"), (nbd, _) => LyingServer.BeSilentAsync(nbd));
        Keep(silent);
        Peer braid = await StartBraidAsync(
            "--path", silent.Declared, "--connect-timeout", "1000");
        await Eventually.IsTrueAsync(() => silent.Connections > 0, () => $"{braid} connects");

        await braid.StopByAsync(braid.Terminate);

        braid.ExitCode.ShouldBe(0, braid.ToString());
    }

    [Fact]
    public async Task A_path_that_hangs_at_start_is_a_failed_path()
    {
        Needs.Tool("nbdkit", "qemu-io");
        (NbdServerPeer a, NbdServerPeer b) =
            await StartServersAsync(MakeSparseFile("volume", Size));
        a.Process.Stop();

        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", b.Declared, "--connect-timeout", "1");

        await QemuIoAsync(braid.Uri, "write -P 0x22 0 64k");
        await braid.ShowsAsync("a", "failed faulty offline");
        a.Process.Continue();
        await braid.LogsAsync("Reinstating path a");
        await b.KillAsync();
        await QemuIoAsync(braid.Uri, "read -P 0x22 0 64k");
    }

    [Fact]
    public async Task A_path_that_is_not_there_at_start_is_taken_when_it_comes()
    {
        Needs.Tool("nbdkit", "qemu-io");
        string volume = MakeSparseFile("volume", Size);
        NbdServerPeer a = Nbdkit("a", "file", volume);
        NbdServerPeer b = Nbdkit("b", "file", volume);
        await a.StartAsync();
        BraidProcess braid = await RunBraidAsync("--path", a.Declared, "--path", b.Declared);
        (await braid.ReportAsync()).ShouldContain("No such file or directory");
        braid.Logged("path b: down: ").ShouldBe(1);
        await QemuIoAsync(braid.Uri, "write -P 0x22 0 64k");

        await b.StartAsync();
        await braid.LogsAsync("Reinstating path b");
        await a.KillAsync();

        await QemuIoAsync(braid.Uri, "read -P 0x22 0 64k");
    }

    [Theory]
    [InlineData("run needs at least one --path URI")]
    [InlineData("unknown kind of path", "--path", "iscsi+nothing:x")]
    [InlineData("the socket is missing", "--path", "nbd+unix:///x")]
    [InlineData("is no size", "--path", "mem:x?size=many")]
    [InlineData("must say ?size=SIZE", "--path", "mem:x")]
    [InlineData("unknown kind of export", "--path", "mem:x?size=1M", "--export", "ftp://x")]
    [InlineData("--size 'much' is no size", "--path", "mem:x?size=1M", "--size", "much")]
    [InlineData("queue-mode", "--path", "mem:x?size=1M", "--queue-mode", "x")]
    [InlineData("io-timeout", "--path", "mem:x?size=1M", "--io-timeout", "0")]
    [InlineData("--connect-timeout '1,5'", "--path", "mem:x?size=1M", "--connect-timeout", "1,5")]
    [InlineData("must be 50 to 99.9", "--path", "mem:x?size=1M", "--hedge-reads", "p100")]
    [InlineData("must be 0.1 to 100", "--path", "mem:x?size=1M", "--hedge-reads", "p99",
        "--hedge-share", "0")]
    [InlineData("without --hedge-reads", "--path", "mem:x?size=1M", "--hedge-share", "5")]
    [InlineData("--hedge-reads needs --queue-mode mq", "--path", "mem:x?size=1M",
        "--hedge-reads", "99", "--queue-mode", "bio")]
    [InlineData("--write-cache-limit is of no use without --write-cache private",
        "--path", "mem:x?size=1M", "--write-cache-limit", "64M")]
    [InlineData("--write-cache-limit 'much' is no size", "--path", "mem:x?size=1M",
        "--write-cache", "private", "--write-cache-limit", "much")]
    [InlineData("--max-request 1024 must be 4096 bytes to 32M", "--path", "mem:x?size=1M",
        "--max-request", "1K")]
    [InlineData("--max-request 4096 must be 8192 bytes to 32M", "--path", "mem:x?size=1M",
        "--max-request", "4K", "--min-block", "8K")]
    [InlineData("--scheduler deadline needs --queue-mode mq", "--path", "mem:x?size=1M",
        "--scheduler", "deadline", "--queue-mode", "bio")]
    [InlineData("--selector is of no use with --table", "--path", "mem:x?size=1M",
        "--table", "0 2048 zero", "--selector", "round-robin 0")]
    [InlineData("--grouping is of no use with --table", "--path", "mem:x?size=1M",
        "--table", "0 2048 zero", "--grouping", "multibus")]
    [InlineData("--queue-if-no-path is of no use with --table", "--path", "mem:x?size=1M",
        "--table", "0 2048 zero", "--queue-if-no-path")]
    [InlineData("--queue-mode is of no use with --table", "--path", "mem:x?size=1M",
        "--table", "0 2048 zero", "--queue-mode", "mq")]
    [InlineData("known are nbd://HOST[:PORT]/EXPORT", "--path", "disk.img")]
    [InlineData("/PATH, ./PATH", "--path", ".img")]
    [InlineData("nonsense", "--nonsense")]
    public async Task What_makes_no_sense_is_one_line_and_status_2(
        string says, params string[] arguments)
    {
        Peer braid = await StartBraidAsync(arguments);

        (await braid.WaitForExitAsync()).ShouldBe(2, braid.ToString());
        braid.Errors.Count.ShouldBe(1);
        braid.Errors[0].ShouldStartWith("braid: ");
        braid.Errors[0].ShouldContain(says);
    }

    [Theory]
    [InlineData("the table cannot be loaded", "--table", "0 nonsense")]
    [InlineData("the table cannot be loaded", "--selector", "best 0")]
    [InlineData("declared twice", "--path", "p1=mem:x")]
    [InlineData("not 2097152", "--size", "2M")]
    [InlineData("path p2 is empty", "--path", "/dev/null")]
    [InlineData("path p2 has 100 bytes, less than a sector", "--path", "mem:y?size=100")]
    [InlineData("the machine does not give", "--path", "mem:y?size=4000000T")]
    public async Task What_cannot_be_made_is_one_line_and_status_1(
        string says, params string[] arguments)
    {
        Peer braid = await StartBraidAsync(
            ["--path", "p1=mem:x?size=1M", "--export", "nbd://127.0.0.1:0/", .. arguments]);

        (await braid.WaitForExitAsync()).ShouldBe(1, braid.ToString());
        braid.Errors.Count.ShouldBe(1, braid.ToString());
        braid.Errors[0].ShouldStartWith("braid: ");
        braid.Errors[0].ShouldContain(says);
    }

    [Fact]
    public async Task An_output_that_takes_nothing_is_one_line_and_status_1()
    {
        string uri = $"nbd+unix:///vol?socket={FilePath("m")}";
        string run = $"exec dotnet {BraidProcess.Program} run --path 'mem:x?size=1M' "
            + $"--export '{uri}' >/dev/full";
        Peer braid = await StartAsync("braid", "bash", ["-c", run]);

        (await braid.WaitForExitAsync()).ShouldBe(1, braid.ToString());
        braid.Errors.ShouldHaveSingleItem().ShouldStartWith("braid: cannot write: ");
        File.Exists(FilePath("m")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_table_says_the_size_when_no_path_can_be_reached()
    {
        BraidProcess braid = await RunBraidAsync(
            "--path", $"a={FilePath("none")}", "--path", $"b={FilePath("none")}",
            "--table", "0 32768 multipath 0 0 1 1 service-time 0 2 0 a b");

        (await braid.ReportAsync()).ShouldContain("size=16M");
    }

    [Fact]
    public async Task A_path_without_a_name_does_not_take_a_given_one()
    {
        BraidProcess braid = await RunBraidAsync(
            "--path", "p2=mem:x?size=1M", "--path", "mem:x", "--path", "mem:x");

        string report = await braid.ReportAsync();
        foreach (string name in (string[])["p2", "p3", "p4"])
            BraidProcess.Row(report, name).ShouldContain("active ready");
    }

    [Fact]
    public async Task The_part_of_a_block_at_the_end_of_a_direct_file_is_not_used_and_that_is_said()
    {
        BraidProcess braid = await RunBraidAsync(
            "--path", $"a=file://{MakeSparseFile("odd", (1 << 20) + 1000)}?direct=1", "--quiet");

        (await braid.ReportAsync()).ShouldContain("size=1M");
        braid.Logged("path a: the last 1000 bytes are not used").ShouldBe(1);
    }

    [Fact]
    public async Task Several_paths_to_a_server_that_keeps_a_cache_for_each_are_warned_of_once()
    {
        Needs.Tool("nbdkit");
        string volume = MakeSparseFile("volume", Size);
        NbdServerPeer a = Nbdkit(
            "a", "--filter=multi-conn", "file", volume, "multi-conn-mode=disable");
        NbdServerPeer b = Nbdkit("b", "file", volume);
        await a.StartAsync();
        await b.StartAsync();
        BraidProcess braid = await RunBraidAsync("--path", a.Declared, "--path", b.Declared);
        await a.KillAsync();
        await braid.LogsAsync("Failing path a");
        await a.StartAsync();
        await braid.LogsAsync("Reinstating path a");

        braid.Logged("path a: its server does not promise that a flush").ShouldBe(1);
        braid.Logged("does not promise").ShouldBe(1);
    }

    [Fact]
    public async Task A_table_line_of_the_kernel_makes_the_map()
    {
        Needs.Tool("nbdkit", "qemu-io");
        (NbdServerPeer a, NbdServerPeer b) =
            await StartServersAsync(MakeSparseFile("volume", Size));
        BraidProcess braid = await RunBraidAsync("--path", a.Declared, "--path", b.Declared,
            "--table", "0 32768 multipath 1 queue_if_no_path 0 2 1 queue-length 0 1 1 b 1 "
            + "round-robin 0 1 1 a 1");

        string report = await braid.ReportAsync();
        report.ShouldContain("policy='queue-length 0'");
        report.ShouldContain("policy='round-robin 0'");
        await QemuIoAsync(braid.Uri, "write -P 0x22 0 64k");
        await b.KillAsync();
        await QemuIoAsync(braid.Uri, "read -P 0x22 0 64k");
    }

    [Fact]
    public async Task The_demo_exits_0_and_has_verified_every_block()
    {
        Peer demo = await StartAsync("braid demo", "dotnet", [BraidProcess.Program, "demo"]);

        (await demo.WaitForExitAsync()).ShouldBe(0, demo.ToString());
        demo.Output.ShouldContain(line => line.Contains(
            "16384 of 16384 blocks verified, 0 wrong: nothing was lost",
            StringComparison.Ordinal));
        demo.Output.ShouldContain(line => line.Contains(
            "Failing path b", StringComparison.Ordinal));
        demo.Output.ShouldContain(line => line.Contains(
            "Reinstating path b", StringComparison.Ordinal));
        demo.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_demo_can_be_interrupted_and_leaves_nothing_behind()
    {
        Peer demo = await StartAsync(
            "braid demo", "env",
            [$"TMPDIR={FilePath("")}", "dotnet", BraidProcess.Program, "demo"]);
        await Eventually.IsTrueAsync(
            () => demo.Output.Any(line => line.Contains("- b ", StringComparison.Ordinal)),
            () => $"{demo} shows its paths");

        await demo.StopByAsync(demo.Interrupt);

        demo.ExitCode.ShouldBe(1, demo.ToString());
        demo.Errors.ShouldBe(["braid: interrupted"]);
        Directory.GetDirectories(FilePath("")).ShouldBeEmpty();
    }
}
