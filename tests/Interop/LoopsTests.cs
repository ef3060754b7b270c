// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop;

/// <summary>Several loops serve one map: four clients on two of them.</summary>
public sealed class LoopsTests : InteropTest
{
    private const long Size = 48 << 20;

    /// <summary>
    /// As <see cref="FaultTests"/> has it for one: each job of fio has a connection, and a quarter
    /// of the volume, which it writes once in random order and then verifies.
    /// </summary>
    [Theory]
    [InlineData("mq")]
    [InlineData("bio")]
    public async Task No_error_reaches_four_clients_while_each_path_is_killed_stopped_and_back(
        string mode)
    {
        Needs.Tool("nbdkit", "fio");
        (NbdServerPeer a, NbdServerPeer b) =
            await StartServersAsync(MakeSparseFile("volume", Size));
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", b.Declared, "--io-timeout", "1",
            "--connect-timeout", "1", "--queue-mode", mode, "--loops", "2");
        Peer fio = await StartToolAsync("fio", Fio.Arguments(
            braid.Uri, Size / 4, "--numjobs=4", "--offset_increment=25%", "--rw=randwrite",
            "--bs=4k", "--iodepth=8", "--rate_iops=,100"));
        await braid.HasMoreIosThanAsync(100);

        await PlayAsync(braid, fio, a, "a");
        await PlayAsync(braid, fio, b, "b");

        (await fio.WaitForExitAsync()).ShouldBe(0, $"{fio}\n{braid.Process}");
        braid.Logged("Failing path a").ShouldBe(2);
        braid.Logged("Failing path b").ShouldBe(2);
    }

    [Fact]
    public async Task Clients_are_spread_and_a_table_is_swapped_under_all_of_them()
    {
        Needs.Tool("nbdkit");
        (NbdServerPeer a, NbdServerPeer b) =
            await StartServersAsync(MakeSparseFile("volume", Size));
        await RunBraidAsync(
            "--path", a.Declared, "--path", b.Declared, "--loops", "2", "--name", "vol");
        var clients = new List<RawNbd>();
        for (int i = 0; i < 4; i++) clients.Add(await RawClient.OpenAsync(FilePath("m")));
        foreach (RawNbd client in clients) await WriteAsync(client, 1);
        (await AskAsync("info", "vol", "--json")).ShouldContain("\"clients_by_loop\":[2,2]");

        long sectors = Size / 512;
        await AskAsync("reload", "vol", "--table",
            FormattableString.Invariant($"0 {sectors} multipath 0 0 1 1 round-robin 0 1 1 b 1"));
        await AskAsync("resume", "--noflush", "vol");
        await AskAsync("path", "remove", "a");
        await a.KillAsync();

        foreach (RawNbd client in clients) await WriteAsync(client, 2);
        (await RefusedAsync(1, "remove", "vol")).ShouldContain("vol is in use by client");
        foreach (RawNbd client in clients) client.Dispose();
    }

    /// <summary>
    /// One client's write hangs in a stopped server, another, on the other loop, writes the same
    /// block: the old bytes do not win when the server goes on.
    /// </summary>
    [Fact]
    public async Task Old_bytes_of_a_client_of_another_loop_do_not_win()
    {
        Needs.Tool("nbdkit");
        string volume = MakeSparseFile("volume", Size);
        (NbdServerPeer a, NbdServerPeer b) = await StartServersAsync(volume);
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", b.Declared, "--grouping", "failover",
            "--io-timeout", "1", "--stale-write-guard", "60", "--loops", "2");
        using RawNbd first = await RawClient.OpenAsync(FilePath("m"));
        using RawNbd second = await RawClient.OpenAsync(FilePath("m"));
        a.Process.Stop();
        await WriteAsync(first, 0xAA);
        braid.Logged("Failing path a").ShouldBe(1);

        var clock = Stopwatch.StartNew();
        Task writing = WriteAsync(second, 0xBB);
        await Eventually.HasPassedAsync(TimeSpan.FromSeconds(0.5));
        writing.IsCompleted.ShouldBeFalse("it waits for the stale write of the other loop");
        a.Process.Continue();
        await writing;

        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(30));
        await braid.LogsAsync("Reinstating path a");
        using FileStream file = File.OpenRead(volume);
        file.ReadByte().ShouldBe(0xBB);
    }

    [Theory]
    [InlineData("17", "--loops 17: there are 1 to 16 loops")]
    [InlineData("0", "--loops 0: there are 1 to 16 loops")]
    [InlineData("2", "--loops 2 needs --write-cache shared", "--write-cache", "private")]
    public async Task What_cannot_be_is_refused_in_one_line(
        string loops, string error, params string[] more)
    {
        Peer braid = await StartBraidAsync(["--path", "mem:x?size=1M", "--loops", loops, .. more]);
        (await braid.WaitForExitAsync()).ShouldBe(2);
        braid.Errors.ShouldHaveSingleItem().ShouldStartWith($"braid: {error}");
    }

    private static async Task WriteAsync(RawNbd client, byte value)
    {
        byte[] block = new byte[4096];
        Array.Fill(block, value);
        await client.CommandAsync(RawNbd.Write, value, 0, 4096, 0, block);
        (await client.SimpleReplyAsync(value)).ShouldBe(0u);
    }

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
}
