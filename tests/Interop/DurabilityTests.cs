// SPDX-License-Identifier: Apache-2.0
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop;

/// <summary>Flushes and FUA writes get to the servers, whose log filter shows them.</summary>
public sealed class DurabilityTests : InteropTest
{
    private const long Size = 16 << 20;
    private const ushort Fua = 1;

    [Theory]
    [InlineData("mq")]
    [InlineData("bio")]
    public async Task A_flush_and_a_write_with_FUA_reach_the_server(string mode)
    {
        BraidProcess braid = await StartAsync(["--filter=log"], "--queue-mode", mode);

        using RawNbd client = await RawClient.OpenAsync(FilePath("m"));
        (ushort Type, ushort Flags)[] commands =
        [
            (RawNbd.Write, 0), (RawNbd.Write, Fua), (RawNbd.WriteZeroes, Fua), (RawNbd.Trim, Fua),
            (RawNbd.Flush, 0),
        ];
        foreach ((ushort type, ushort flags) in commands)
        {
            uint length = type == RawNbd.Flush ? 0u : 4096;
            byte[] payload = new byte[type == RawNbd.Write ? 4096 : 0];
            await client.CommandAsync(type, 1, 0, length, flags, payload);
            (await client.SimpleReplyAsync(1)).ShouldBe(0u);
        }

        CountLogged(" Write ", "fua=0").ShouldBe(1);
        CountLogged(" Write ", "fua=1").ShouldBe(1);
        CountLogged(" Zero ", "fua=1").ShouldBe(1);
        CountLogged(" Trim ", "fua=1").ShouldBe(1);
        CountLogged("...Flush ").ShouldBe(1);
        braid.ShouldHaveFailedNoPath();
    }

    [Theory]
    [InlineData("mq")]
    [InlineData("bio")]
    public async Task Where_the_server_has_no_FUA_a_flush_follows_the_write(string mode)
    {
        BraidProcess braid = await StartAsync(
            ["--filter=log", "--filter=fua"], "--queue-mode", mode);
        using RawNbd client = await RawClient.OpenAsync(FilePath("m"));

        await client.CommandAsync(RawNbd.Write, 1, 0, 512, Fua, new byte[512]);
        (await client.SimpleReplyAsync(1)).ShouldBe(0u);

        // Both had ended before the client was answered.
        string[] lines = [.. File.ReadLines(FilePath("log"))];
        int written = Array.FindIndex(lines, line => Contains(line, "...Write "));
        int flush = Array.FindIndex(lines, line => Contains(line, " Flush "));
        int flushed = Array.FindIndex(lines, line => Contains(line, "...Flush "));
        written.ShouldBeGreaterThan(0);
        flush.ShouldBeGreaterThan(written);
        flushed.ShouldBeGreaterThan(flush);
        braid.ShouldHaveFailedNoPath();
    }

    [Fact]
    public async Task A_flush_on_one_connection_is_one_at_the_server()
    {
        await StartAsync(["--filter=log"]);
        using RawNbd writer = await RawClient.OpenAsync(FilePath("m"));
        using RawNbd flusher = await RawClient.OpenAsync(FilePath("m"));
        await writer.CommandAsync(RawNbd.Write, 1, 0, 512, 0, new byte[512]);
        (await writer.SimpleReplyAsync(1)).ShouldBe(0u);

        await flusher.CommandAsync(RawNbd.Flush, 1, 0, 0);
        (await flusher.SimpleReplyAsync(1)).ShouldBe(0u);

        CountLogged("...Flush ").ShouldBe(1);
    }

    [Fact]
    public async Task Every_command_of_the_protocol_is_answered()
    {
        await StartAsync([]);
        using RawNbd client = await RawClient.OpenAsync(FilePath("m"));
        ushort[] commands = [RawNbd.Flush, RawNbd.Trim, RawNbd.Cache, RawNbd.WriteZeroes];
        foreach (ushort command in commands)
        {
            uint length = command == RawNbd.Flush ? 0u : 65536;
            await client.CommandAsync(command, command, 0, length);
            (await client.SimpleReplyAsync(command)).ShouldBe(0u);
        }
        await client.CommandAsync(RawNbd.Write, 8, 4096, 4096, 0, new byte[4096]);
        (await client.SimpleReplyAsync(8)).ShouldBe(0u);
        await client.CommandAsync(RawNbd.Read, 9, 0, 8192);
        (await client.SimpleReplyAsync(9)).ShouldBe(0u);
        (await client.ReceiveAsync(8192)).ShouldAllBe(stored => stored == 0);
    }

    /// <summary>
    /// nbdkit's cache filter holds writes until a flush, and loses them when it is killed: each
    /// server has a cache of its own in front of the volume.
    /// </summary>
    [Theory]
    [InlineData("private", 0xAA, "\"kept_bytes\":0,\"rewritten_total\":1,")]
    [InlineData("shared", 0, "\"stale_writes_total\":0,\"exports\"")]
    public async Task What_a_dead_server_had_not_flushed_is_flushed_by_another(
        string writeCache, byte stored, string info)
    {
        Needs.Tool("nbdkit");
        string volume = MakeSparseFile("volume", Size);
        NbdServerPeer a = Nbdkit("a", "--filter=cache", "file", volume);
        NbdServerPeer b = Nbdkit("b", "--filter=cache", "file", volume);
        await a.StartAsync();
        await b.StartAsync();
        BraidProcess braid = await RunBraidAsync(
            "--path", a.Declared, "--path", b.Declared, "--grouping", "failover",
            "--write-cache", writeCache);
        using RawNbd client = await RawClient.OpenAsync(FilePath("m"));
        byte[] payload = [.. Enumerable.Repeat((byte)0xAA, 4096)];
        await client.CommandAsync(RawNbd.Write, 1, 0, 4096, 0, payload);
        (await client.SimpleReplyAsync(1)).ShouldBe(0u);
        FirstByte(volume).ShouldBe((byte)0);

        await a.KillAsync();
        await braid.LogsAsync("Failing path a");
        await client.CommandAsync(RawNbd.Flush, 2, 0, 0);
        (await client.SimpleReplyAsync(2)).ShouldBe(0u);

        FirstByte(volume).ShouldBe(stored);
        (await AskAsync("info", "mpatha", "--json")).ShouldContain(info);
    }

    private static byte FirstByte(string volume)
    {
        using FileStream file = File.OpenRead(volume);
        return (byte)file.ReadByte();
    }

    private static bool Contains(string line, string text) =>
        line.Contains(text, StringComparison.Ordinal);

    private int CountLogged(params string[] texts) => File.ReadLines(FilePath("log"))
        .Count(line => Array.TrueForAll(texts, text => Contains(line, text)));

    private async Task<BraidProcess> StartAsync(string[] filters, params string[] arguments)
    {
        Needs.Tool("nbdkit");
        string[] log = filters.Length > 0 ? [$"logfile={FilePath("log")}"] : [];
        NbdServerPeer a = Nbdkit(
            "a", [.. filters, "file", MakeSparseFile("volume", Size), .. log]);
        await a.StartAsync();
        return await RunBraidAsync(["--path", a.Declared, .. arguments]);
    }
}
