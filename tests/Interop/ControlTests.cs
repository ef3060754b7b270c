// SPDX-License-Identifier: Apache-2.0
using System.Net.Sockets;
using System.Text;
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop;

/// <summary>The commands to a running braid, and the socket by which they come in.</summary>
public sealed class ControlTests : InteropTest
{
    private const long Size = 16 << 20;
    private const string OneOfB = "0 32768 multipath 0 0 1 1 queue-length 0 1 1 b 1";

    private string DefaultSocket => FilePath("braid/mpatha.sock");

    [Fact]
    public async Task The_socket_is_its_owners_alone_and_goes_with_the_process()
    {
        BraidProcess braid = await RunInMemoryAsync();
        await Eventually.IsTrueAsync(
            () => braid.Process.Output.Contains($"control {DefaultSocket}"), "it says where");

        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        File.GetUnixFileMode(DefaultSocket).ShouldBe(Owner);
        File.GetUnixFileMode(FilePath("braid")).ShouldBe(Owner | UnixFileMode.UserExecute);
        await braid.StopAsync();
        File.Exists(DefaultSocket).ShouldBeFalse();
    }

    [Fact]
    public async Task A_folder_that_others_may_write_to_is_closed_to_them()
    {
        const UnixFileMode All = (UnixFileMode)0x1ff;
        Directory.CreateDirectory(FilePath("braid"));
        File.SetUnixFileMode(FilePath("braid"), All);
        await RunInMemoryAsync();
        ((int)File.GetUnixFileMode(FilePath("braid"))).ShouldBe(0x1c0);
    }

    [Fact]
    public async Task Tables_status_and_info_are_the_kernels_and_dmsetups()
    {
        await RunInMemoryAsync();
        await AskAsync("create", "lin", "--table", "0 8 linear mpatha 16", "--table", "8 8 zero");

        (await AskAsync("table", "mpatha")).ShouldBe(
            "0 32768 multipath 0 0 1 1 service-time 0 2 2 a 1 1 b 1 1 ");
        (await AskAsync("table")).ShouldBe(
            "lin: 0 8 linear mpatha 16\nlin: 8 8 zero \n"
            + "mpatha: 0 32768 multipath 0 0 1 1 service-time 0 2 2 a 1 1 b 1 1 ");
        (await AskAsync("status", "mpatha")).ShouldBe(
            "0 32768 multipath 2 1 0 0 1 1 E 0 2 2 a A 0 0 1 b A 0 0 1 ");
        (await AskAsync("table", "mpatha", "--inactive")).ShouldBe("");
        (await AskAsync("info", "mpatha")).ShouldBe(
            """
            Name:              mpatha
            State:             ACTIVE
            Tables present:    LIVE
            Open count:        1
            Event number:      0
            Number of targets: 1

            """.ReplaceLineEndings("\n"));
        (await AskAsync("table", "lin", "--json")).ShouldBe(
            "{\"tables\":[{\"name\":\"lin\",\"targets\":["
            + "{\"start\":0,\"length\":8,\"type\":\"linear\",\"arguments\":\"mpatha 16\"},"
            + "{\"start\":8,\"length\":8,\"type\":\"zero\",\"arguments\":\"\"}]}]}");
        (await AskAsync("info", "lin", "--json")).ShouldBe(
            "{\"maps\":[{\"name\":\"lin\",\"suspended\":false,\"read_only\":false,"
            + "\"live\":true,\"inactive\":false,\"open_count\":0,\"event\":0,\"targets\":2,"
            + "\"size_bytes\":8192,\"held\":0,\"stale_writes\":0,\"stale_writes_total\":0,"
            + "\"exports\":[]}]}");
        (await AskAsync("path", "list", "--json")).ShouldBe(
            "{\"paths\":["
            + "{\"name\":\"a\",\"state\":\"up\",\"uri\":\"mem:v\",\"size_bytes\":16777216,"
            + "\"maps\":[\"mpatha\"]},"
            + "{\"name\":\"b\",\"state\":\"up\",\"uri\":\"mem:v\",\"size_bytes\":16777216,"
            + "\"maps\":[\"mpatha\"]}]}");
        (await AskAsync("path", "list")).ShouldBe(
            "NAME STATE SIZE MAPS   URI\n"
            + "a    up    16M  mpatha mem:v\nb    up    16M  mpatha mem:v");
    }

    [Fact]
    public async Task A_table_comes_from_standard_input_as_dmsetup_takes_it()
    {
        await RunInMemoryAsync();
        string table = FilePath("table");
        await File.WriteAllTextAsync(table, "# two\n\n0 8 linear mpatha 16\n  8 8 zero\n",
            TestContext.Current.CancellationToken);

        await RunAsync("sh", "-c", $"dotnet {BraidProcess.Program} create x < {table}");
        await RunAsync("sh", "-c", $"dotnet {BraidProcess.Program} reload x --table - < {table}");

        (await AskAsync("table", "x")).ShouldBe("0 8 linear mpatha 16\n8 8 zero ");
        (await AskAsync("table", "x", "--inactive")).ShouldBe("0 8 linear mpatha 16\n8 8 zero ");
        (await RefusedAsync(1, "reload", "x")).ShouldBe("the table is empty");
    }

    [Theory]
    [InlineData(1, "no device 'x'", "status", "x")]
    [InlineData(1, "no device 'x'", "suspend", "x")]
    [InlineData(1, "there is a device 'mpatha' already", "create", "mpatha", "--table", OneOfB)]
    [InlineData(1, "the number of paths must be 1 to 1024, at word 10 '0'", "reload", "mpatha",
        "--table", "0 32768 multipath 0 0 1 1 round-robin 0 0 1")]
    [InlineData(1, "no path or map 'c'; paths are a, b, at line 2, word 4 'c'", "create", "x",
        "--table", "0 8 zero", "--table", "8 8 linear c 0")]
    [InlineData(1, "cannot replace immutable target type multipath", "reload", "mpatha",
        "--table", "0 32768 linear a 0")]
    [InlineData(1, "unrecognised multipath message 'shout a'", "message", "mpatha", "shout", "a")]
    [InlineData(1, "path a is in use by mpatha", "path", "remove", "a")]
    [InlineData(2, "Required argument 'NAME' missing for command: 'suspend'.", "suspend")]
    [InlineData(2, "'x' is no number of an event", "wait", "mpatha", "x")]
    [InlineData(2, "--inactive is of no use with --held: the live table holds I/O", "status",
        "--held", "--inactive")]
    [InlineData(2, "Unrecognized command or argument 'nothing'.", "nothing")]
    [InlineData(2, "no option '--nonsense'", "info", "--nonsense")]
    [InlineData(2, "no option '--noflsh'", "suspend", "--noflsh", "mpatha")]
    public async Task What_is_refused_is_one_line_and_a_status(
        int status, string error, params string[] arguments)
    {
        await RunInMemoryAsync();
        (await RefusedAsync(status, arguments)).ShouldBe(error);
    }

    [Fact]
    public async Task A_map_that_is_made_serves_clients_and_goes_when_they_have_gone()
    {
        Needs.Tool("qemu-io", "nbdinfo");
        BraidProcess braid = await RunInMemoryAsync();
        string uri = $"nbd+unix:///x?socket={FilePath("x")}";
        await AskAsync("create", "x", "--table", "0 16384 linear a 16384", "--export", uri);

        await QemuIoAsync(uri, "write -P 0x31 0 64k");
        await QemuIoAsync(braid.Uri, "read -P 0x31 8M 64k");
        using (RawNbd client = await RawClient.OpenAsync(FilePath("x"), "x"))
            (await RefusedAsync(1, "remove", "x")).ShouldBe("x is in use by client unix client");
        await AskAsync("rename", "x", "y");
        await Eventually.IsTrueAsync(
            async () => (await AskAsync("info", "y")).Contains(
                "Open count:        0", StringComparison.Ordinal), () => "the client has gone");
        await AskAsync("remove", "y");
        File.Exists(FilePath("x")).ShouldBeFalse();
        (await RefusedAsync(1, "table", "y")).ShouldBe("no device 'y'");
    }

    [Fact]
    public async Task Messages_fail_and_reinstate_paths_and_wait_hears_of_it()
    {
        BraidProcess braid = await RunInMemoryAsync();
        Peer wait = await StartCommandAsync("wait", "mpatha", "0");

        // With dmsetup's sector, and without.
        await AskAsync("message", "mpatha", "0", "fail_path", "a");

        (await wait.WaitForExitAsync()).ShouldBe(0, wait.ToString());
        wait.Output.ShouldBeEmpty();
        // Its checker may have reinstated it: a path that works does not stay failed for long.
        (await AskAsync("status", "mpatha")).ShouldMatch(" a [AF] 1 ");
        await AskAsync("message", "mpatha", "reinstate_path", "a");
        (await AskAsync("status", "mpatha")).ShouldContain(" a A 1 ", Case.Sensitive);
        await AskAsync("wait", "mpatha", "0");
        await AskAsync("message", "mpatha", "queue_if_no_path");
        (await AskAsync("table", "mpatha")).ShouldStartWith(
            "0 32768 multipath 1 queue_if_no_path ");
        braid.Logged("Failing path a.").ShouldBe(1);
    }

    [Fact]
    public async Task Tables_change_under_load_and_no_client_sees_an_error()
    {
        Needs.Tool("nbdkit", "fio");
        (BraidProcess braid, Peer fio) = await StartLoadAsync();
        string[] tables =
        [
            "0 131072 multipath 0 0 1 1 round-robin 0 2 1 a 1 b 1",
            "0 131072 multipath 0 0 2 2 queue-length 0 1 1 a 1 service-time 0 1 0 b",
            "0 131072 multipath 0 0 1 1 service-time 0 1 0 b",
        ];
        int rounds = 0;
        for (; !fio.HasExited; rounds++)
        {
            await AskAsync("reload", "mpatha", "--table", tables[rounds % tables.Length]);
            // Half of them by suspend, half by the resume alone, which flushes.
            if (rounds % 2 == 0) await AskAsync("suspend", "--noflush", "mpatha");
            await AskAsync("resume", "mpatha");
        }
        (await fio.WaitForExitAsync()).ShouldBe(0, fio.ToString());
        rounds.ShouldBeGreaterThan(2);
        braid.ShouldHaveFailedNoPath();
    }

    [Fact]
    public async Task Paths_are_added_and_removed_under_load_until_none_of_the_first_is_left()
    {
        Needs.Tool("nbdkit", "fio");
        (BraidProcess braid, Peer fio) = await StartLoadAsync();
        NbdServerPeer c = Nbdkit("c", "file", FilePath("volume"));
        await c.StartAsync();

        await AskAsync("path", "add", "c", c.Uri);
        await AskAsync(
            "reload", "mpatha", "--table", "0 131072 multipath 0 0 1 1 service-time 0 1 0 c");
        (await RefusedAsync(1, "path", "remove", "a")).ShouldBe("path a is in use by mpatha");
        await AskAsync("resume", "--noflush", "mpatha");
        await AskAsync("path", "remove", "a");
        await AskAsync("path", "remove", "b");

        fio.HasExited.ShouldBeFalse(fio.ToString());
        (await fio.WaitForExitAsync()).ShouldBe(0, fio.ToString());
        (await AskAsync("path", "list")).Split('\n').Length.ShouldBe(2);
        (await braid.ReportAsync()).ShouldContain($"`- c active ready running {c.Uri}");
        braid.ShouldHaveFailedNoPath();
    }

    [Fact]
    public async Task Many_clients_at_once_are_all_answered()
    {
        await RunInMemoryAsync();
        Peer[] waits = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => StartCommandAsync("wait", "mpatha", "0")));
        Peer[] shows = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => StartCommandAsync("status")));
        foreach (Peer show in shows) (await show.WaitForExitAsync()).ShouldBe(0, show.ToString());
        await HasAskedAsync(waits.Length);
        await AskAsync("message", "mpatha", "switch_group", "1");
        foreach (Peer wait in waits) (await wait.WaitForExitAsync()).ShouldBe(0, wait.ToString());
    }

    [Fact]
    public async Task A_wait_can_be_interrupted_and_a_suspend_goes_on_without_its_client()
    {
        Needs.Tool("nbdkit", "qemu-io");
        NbdServerPeer a = Nbdkit("a", "file", MakeSparseFile("volume", Size));
        await a.StartAsync();
        BraidProcess braid = await RunBraidAsync("--path", a.Declared, "--io-timeout", "1000");
        Peer wait = await StartCommandAsync("wait", "mpatha");
        a.Process.Stop();
        long before = await braid.CountIosAsync();
        Peer client = await StartToolAsync(
            "qemu-io", [.. BraidProcess.RawImage, "-c", "write -P 0x42 1M 64k", braid.Uri]);
        await braid.HasMoreIosThanAsync(before);
        using (Socket suspend = await ConnectAsync())
        {
            await suspend.SendAsync(
                "{\"command\":\"suspend\",\"name\":\"mpatha\",\"noflush\":true}\n"u8.ToArray());
            // The first sign of life: it waits.
            byte[] sign = new byte[1];
            (await suspend.ReceiveAsync(sign)).ShouldBe(1);
            sign[0].ShouldBe((byte)'\n');
        }
        await HasAskedAsync();

        await wait.StopByAsync(wait.Interrupt);
        wait.ExitCode.ShouldBe(1);
        wait.Errors.ShouldBe(["braid: interrupted"]);
        (await AskAsync("info", "mpatha")).ShouldContain("State:             ACTIVE");
        a.Process.Continue();

        await Eventually.IsTrueAsync(
            async () => (await AskAsync("info", "mpatha")).Contains(
                "State:             SUSPENDED", StringComparison.Ordinal),
            () => "it is suspended");
        await AskAsync("resume", "mpatha");
        (await client.WaitForExitAsync()).ShouldBe(0, client.ToString());
    }

    [Fact]
    public async Task A_braid_that_hangs_or_dies_is_told_of()
    {
        BraidProcess braid = await RunInMemoryAsync();
        Peer wait = await StartCommandAsync("wait", "mpatha");
        await HasAskedAsync();
        braid.Process.Stop();

        (await RefusedAsync(1, "info")).ShouldBe(
            $"the braid at {DefaultSocket} has shown no sign of life for 10 s");
        (await wait.WaitForExitAsync()).ShouldBe(1);
        wait.Errors.ShouldBe(
            [$"braid: the braid at {DefaultSocket} has shown no sign of life for 10 s"]);

        braid.Process.Continue();
        await HasAskedAsync(0);
        wait = await StartCommandAsync("wait", "mpatha");
        await HasAskedAsync();
        await braid.KillAsync();
        (await wait.WaitForExitAsync()).ShouldBe(1);
        wait.Errors.ShouldBe([$"braid: the braid at {DefaultSocket} has gone: "
            + "the peer closed the connection"]);
        (await RefusedAsync(1, "info")).ShouldStartWith("no braid can be asked: ");
    }

    [Fact]
    public async Task A_socket_is_taken_over_from_the_dead_and_not_from_the_living()
    {
        BraidProcess braid = await RunInMemoryAsync();
        Peer second = await StartBraidAsync(
            "--path", "mem:v?size=1M", "--export", $"nbd+unix:///?socket={FilePath("n")}");
        (await second.WaitForExitAsync()).ShouldBe(1, second.ToString());
        second.Errors.ShouldBe([$"braid: cannot listen on unix:{DefaultSocket}: "
            + "another process does already; give another --name, or --control PATH"]);
        await AskAsync("info", "mpatha");

        await braid.KillAsync();
        File.Exists(DefaultSocket).ShouldBeTrue();
        await RunInMemoryAsync();
        await AskAsync("info", "mpatha");
    }

    [Fact]
    public async Task The_braid_that_is_meant_is_found_or_asked_for()
    {
        (await RefusedAsync(1, "info")).ShouldBe(
            $"no braid has a control socket in {FilePath("braid")}; give --control PATH");
        BraidProcess other = await RunInMemoryAsync("--name", "other");
        await AskAsync("info", "other");
        await RunBraidOnAsync(
            [$"nbd+unix:///vol?socket={FilePath("n")}"], "--path", "mem:v?size=16M");

        (await RefusedAsync(2, "info")).ShouldBe("several braids run: choose one with --control "
            + $"{DefaultSocket} or {FilePath("braid/other.sock")}");
        await AskAsync("info", "mpatha", "--control", DefaultSocket);
        await RunAsync("env", $"BRAID_CONTROL={DefaultSocket}", "dotnet", BraidProcess.Program,
            "info", "mpatha");
        // One that was killed does not count.
        await other.KillAsync();
        await AskAsync("info", "mpatha");
    }

    [Fact]
    public async Task A_socket_may_be_elsewhere_or_not_be_at_all()
    {
        string place = FilePath("control");
        BraidProcess braid = await RunInMemoryAsync("--control", place);
        await AskAsync("info", "mpatha", "--control", place);
        ((int)File.GetUnixFileMode(place)).ShouldBe(0x180);
        await braid.StopAsync();
        await RunInMemoryAsync("--control", "none");
        Directory.Exists(FilePath("braid")).ShouldBeFalse();
        (await RefusedAsync(1, "info", "--control", FilePath("m"))).ShouldContain(FilePath("m"));
    }

    [Fact]
    public async Task Clients_that_talk_nonsense_or_nothing_disturb_nobody()
    {
        await RunInMemoryAsync();
        var idle = new List<Socket>();
        for (int i = 0; i < 20; i++) idle.Add(await ConnectAsync());
        using Socket endless = await ConnectAsync();
        Task<string> flood = FloodAsync(endless);
        await AskAsync("info", "mpatha");
        (await flood).ShouldBe("{\"error\":\"a line has at most 1048576 bytes\"}\n");
        await AskAsync("info", "mpatha");
        foreach (Socket socket in idle) socket.Dispose();
    }

    private Task<BraidProcess> RunInMemoryAsync(params string[] arguments) =>
        RunBraidAsync(
            ["--path", "a=mem:v?size=16M", "--path", "b=mem:v", .. arguments]);

    /// <summary>Two servers, a braid, and fio, which writes and verifies for a while.</summary>
    private async Task<(BraidProcess Braid, Peer Fio)> StartLoadAsync()
    {
        const long Volume = 64 << 20;
        (NbdServerPeer a, NbdServerPeer b) =
            await StartServersAsync(MakeSparseFile("volume", Volume));
        BraidProcess braid = await RunBraidAsync("--path", a.Declared, "--path", b.Declared);
        long before = await braid.CountIosAsync();
        Peer fio = await StartToolAsync("fio", Fio.Arguments(
            braid.Uri, Volume, "--rw=randwrite", "--bs=4k", "--iodepth=16",
            "--rate_iops=2000,2000"));
        await braid.HasMoreIosThanAsync(before);
        return (braid, fio);
    }

    /// <summary>Commands that have connected and are not answered yet.</summary>
    private int CountAsking()
    {
        const string Connected = "03";
        // Num RefCount Protocol Flags Type St Inode Path, of the server's ends.
        return File.ReadLines("/proc/net/unix").Select(line => line.Split(' ')).Count(
            words => words[^1] == DefaultSocket && words.Contains(Connected));
    }

    private Task HasAskedAsync(int commands = 1) => Eventually.IsTrueAsync(
        () => CountAsking() == commands, () => $"{commands} commands have asked");

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(DefaultSocket));
        return socket;
    }

    /// <summary>Sends without end, and returns what it is told.</summary>
    private static async Task<string> FloodAsync(Socket socket)
    {
        byte[] bytes = new byte[1 << 16];
        try
        {
            while (true) await socket.SendAsync(bytes);
        }
        catch (SocketException)
        {
            int count = await socket.ReceiveAsync(bytes);
            return Encoding.UTF8.GetString(bytes, 0, count);
        }
    }
}
