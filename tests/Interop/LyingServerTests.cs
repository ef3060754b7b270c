// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics.CodeAnalysis;
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop;

/// <summary>
/// Paths whose server lies. It is the first choice, so that all I/O goes to it; an honest server of
/// the same size is behind it. Whatever the liar says, clients get the honest bytes.
/// </summary>
[SuppressMessage("Usage", "xUnit1045", Justification = "The names of the lies are strings.")]
public sealed class LyingServerTests : InteropTest
{
    private const long Size = 8 << 20;

    /// <summary>What it says to its first request, and what Braid must say of it.</summary>
    private static readonly Dictionary<string, Lie> Lies = new(StringComparer.Ordinal)
    {
        ["a wrong magic in a reply"] = new(false, "wrong magic in a reply",
            (nbd, request) => nbd.SendAsync(0x12345678u, 0u, request.Cookie, new byte[4096])),
        ["a reply to an unknown cookie"] = new(false, "a reply to no request",
            (nbd, request) => nbd.SendAsync(
                RawNbd.SimpleReplyMagic, 0u, request.Cookie ^ 0x55, new byte[request.Length])),
        ["a reply to an earlier use of the tag"] = new(false, "a reply to no request",
            (nbd, request) => nbd.SendAsync(RawNbd.SimpleReplyMagic, 0u,
                request.Cookie - (1UL << 32), new byte[request.Length])),
        ["two replies to one request"] = new(false, "a reply to no request",
            async (nbd, request) =>
            {
                await nbd.SendAsync(RawNbd.SimpleReplyMagic, RawNbd.Eio, request.Cookie);
                await nbd.SendAsync(RawNbd.SimpleReplyMagic, 0u, request.Cookie);
            }),
        ["a short payload, then silence"] = new(false, "no reply within 1000 ms",
            async (nbd, request) =>
            {
                await nbd.SendAsync(RawNbd.SimpleReplyMagic, 0u, request.Cookie);
                await nbd.SendAsync(Bytes(100));
                await LyingServer.BeSilentAsync(nbd);
            }),
        ["a short payload, then the end"] = new(false, "closed by the peer",
            async (nbd, request) =>
            {
                await nbd.SendAsync(RawNbd.SimpleReplyMagic, 0u, request.Cookie);
                await nbd.SendAsync(Bytes(100));
            }),
        ["silence"] = new(false, "no reply within 1000 ms",
            (nbd, _) => LyingServer.BeSilentAsync(nbd)),
        ["a structured reply that was not agreed on"] = new(false, "wrong magic in a reply",
            (nbd, request) => ChunkAsync(nbd, request, RawNbd.ChunkNone)),
        ["a simple reply that was not agreed on"] = new(true, "simple reply",
            (nbd, request) => nbd.SendAsync(
                RawNbd.SimpleReplyMagic, 0u, request.Cookie, Bytes((int)request.Length))),
        ["a reply that is done without data"] = new(true, "0 of",
            (nbd, request) => ChunkAsync(nbd, request, RawNbd.ChunkNone)),
        ["a reply that is done with a part of the data"] = new(true, "512 of",
            (nbd, request) => ChunkAsync(
                nbd, request, RawNbd.ChunkData, request.Offset, Bytes(512))),
        ["data before the range"] = new(true, "not asked for",
            (nbd, request) => ChunkAsync(
                nbd, request, RawNbd.ChunkData, request.Offset - 512, Bytes(1024))),
        ["data behind the range"] = new(true, "not asked for",
            (nbd, request) => ChunkAsync(nbd, request, RawNbd.ChunkData,
                request.Offset + request.Length - 512, Bytes(1024))),
        ["a hole of 4 GiB"] = new(true, "not asked for",
            (nbd, request) => ChunkAsync(
                nbd, request, RawNbd.ChunkHole, request.Offset, uint.MaxValue)),
        ["the same data twice"] = new(true, "not asked for",
            async (nbd, request) =>
            {
                for (int i = 0; i < 2; i++)
                {
                    await nbd.SendAsync(RawNbd.StructuredReplyMagic, (ushort)0,
                        RawNbd.ChunkData, request.Cookie, 8u + 512, request.Offset, Bytes(512));
                }
            }),
        ["a chunk of an unknown type"] = new(true, "a chunk of type 99",
            (nbd, request) => ChunkAsync(nbd, request, 99)),
        ["block status for a read"] = new(true, "a chunk of type 5",
            (nbd, request) => ChunkAsync(nbd, request, RawNbd.ChunkBlockStatus, 7u, 512u, 0u)),
        ["an error of 4 GiB"] = new(true, "an error chunk of",
            (nbd, request) => nbd.SendAsync(RawNbd.StructuredReplyMagic, RawNbd.ChunkDone,
                RawNbd.ChunkError, request.Cookie, uint.MaxValue)),
        ["an error that is none"] = new(true, "Failing path liar",
            (nbd, request) => ChunkAsync(nbd, request, RawNbd.ChunkError, 0u, (ushort)0)),
    };

    /// <summary>What it says instead of a handshake, and what Braid must say of it.</summary>
    private static readonly Dictionary<string, (string Says, Func<RawNbd, Task> Tell)> Greetings =
        new(StringComparer.Ordinal)
        {
            ["a wrong magic"] = ("is it an NBD server", nbd =>
                nbd.SendAsync("HTTP/1.1", " 400 Bad", (ushort)0x2020)),
            ["the oldstyle protocol"] = ("oldstyle", nbd =>
                nbd.SendAsync("NBDMAGIC", 0x00420281861253UL, (ulong)Size, new byte[128])),
            ["nothing"] = ("no connection within 1000 ms", LyingServer.BeSilentAsync),
            ["the end"] = ("closed the connection", _ => Task.CompletedTask),
            ["a size of 0"] = ("empty", nbd => LyingServer.ShakeHandsAsync(nbd, 0)),
            ["a negative size"] = ("a size of", nbd => LyingServer.ShakeHandsAsync(nbd, -1)),
            ["another size"] = ("its size is 4194304 bytes", async nbd =>
            {
                await LyingServer.ShakeHandsAsync(nbd, Size / 2);
                await LyingServer.BeSilentAsync(nbd);
            }),
            ["a reply to an option of 4 GiB"] = ("bytes to an option", async nbd =>
            {
                await LyingServer.GreetAsync(nbd);
                (uint option, _) = await LyingServer.OptionAsync(nbd);
                await nbd.SendAsync(
                    RawNbd.OptionReplyMagic, option, RawNbd.RepAck, uint.MaxValue);
                await LyingServer.BeSilentAsync(nbd);
            }),
            ["a reply to another option"] = ("a reply to option 77", async nbd =>
            {
                await LyingServer.GreetAsync(nbd);
                _ = await LyingServer.OptionAsync(nbd);
                await nbd.ReplyToOptionAsync(77, RawNbd.RepAck);
            }),
            ["infos without end"] = ("no connection within 1000 ms", async nbd =>
            {
                await LyingServer.GreetAsync(nbd);
                while (true)
                {
                    (uint option, _) = await LyingServer.OptionAsync(nbd);
                    if (option != RawNbd.OptGo)
                        await nbd.ReplyToOptionAsync(option, RawNbd.RepErrUnsupported);
                    while (option == RawNbd.OptGo)
                        await nbd.ReplyToOptionAsync(option, RawNbd.RepInfo, (ushort)99);
                }
            }),
        };

    public static TheoryData<string> NamesOfLies => [.. Lies.Keys];

    public static TheoryData<string> NamesOfGreetings => [.. Greetings.Keys];

    [Theory]
    [MemberData(nameof(NamesOfLies))]
    public async Task A_server_that_sends_it_loses_its_path_and_the_other_serves(string lie)
    {
        Needs.Tool("nbdkit", "nbdcopy", "cmp");
        (bool structured, string says, Func<RawNbd, RawRequest, Task> tell) = Lies[lie];
        var liar = new LyingServer(FilePath("liar"), async (nbd, _) =>
        {
            await LyingServer.ShakeHandsAsync(nbd, Size, structured);
            await tell(nbd, await nbd.RequestAsync());
        });
        BraidProcess braid = await StartBesideAsync(liar);

        // Not from the start: then there would be nothing before the range.
        using RawNbd client = await RawClient.OpenAsync(FilePath("m"));
        await client.CommandAsync(RawNbd.Read, 1, 1 << 20, 4096);
        (await client.SimpleReplyAsync(1)).ShouldBe(0u);
        byte[] bytes = await client.ReceiveAsync(4096);

        bytes.ShouldBe(File.ReadAllBytes(FilePath("volume"))[(1 << 20)..][..4096]);
        await braid.LogsAsync("Failing path liar");
        await braid.LogsAsync(says);
        await ShouldServeAsync(braid);
    }

    [Theory]
    [MemberData(nameof(NamesOfGreetings))]
    public async Task A_server_that_greets_with_it_is_a_failed_path_and_the_other_serves(
        string greeting)
    {
        Needs.Tool("nbdkit", "nbdcopy", "cmp");
        (string says, Func<RawNbd, Task> tell) = Greetings[greeting];
        string volume = MakeRandomFile("volume", Size);
        NbdServerPeer honest = Nbdkit("b", "file", volume);
        await honest.StartAsync();
        // In the way of the liar at first, so that the map is made and its size is known.
        BraidProcess braid = await RunBraidAsync(
            "--path", $"liar=nbd+unix:///?socket={FilePath("liar")}", "--path", honest.Declared,
            "--grouping", "failover", "--io-timeout", "1", "--connect-timeout", "1");
        Keep(new LyingServer(FilePath("liar"), (nbd, _) => tell(nbd)));

        await braid.LogsAsync(says);
        await ShouldServeAsync(braid);

        braid.Logged("Reinstating path liar").ShouldBe(0);
    }

    [Fact]
    public async Task A_liar_at_start_is_a_failed_path_that_the_log_explains()
    {
        Needs.Tool("nbdkit", "nbdcopy", "cmp");
        BraidProcess braid = await StartBesideAsync(new LyingServer(
            FilePath("liar"), (nbd, _) => nbd.SendAsync("HTTP/1.1", " 400 Bad", (ushort)0x2020)));

        await ShouldServeAsync(braid);

        (await braid.ReportAsync()).ShouldContain("is it an NBD server");
        braid.Logged("is it an NBD server").ShouldBe(1);
    }

    [Fact]
    public async Task A_path_that_comes_back_with_another_size_stays_failed_until_it_is_right()
    {
        Needs.Tool("nbdkit", "nbdcopy", "cmp");
        string volume = MakeRandomFile("volume", Size);
        (NbdServerPeer a, NbdServerPeer b) = await StartServersAsync(volume);
        BraidProcess braid = await RunBraidAsync("--path", a.Declared, "--path", b.Declared);

        await a.KillAsync();
        NbdServerPeer wrong = Nbdkit("a", "file", MakeSparseFile("wrong", Size * 2));
        await wrong.StartAsync();
        await braid.LogsAsync("its size is 16777216 bytes, not 8388608");
        await ShouldServeAsync(braid);
        braid.Logged("Reinstating path a").ShouldBe(0);
        (await braid.ReportAsync()).ShouldContain("its size is 16777216 bytes");
        await wrong.KillAsync();
        await a.StartAsync();
        await braid.LogsAsync("Reinstating path a");
        await b.KillAsync();

        await ShouldServeAsync(braid);
    }

    [Fact]
    public async Task Paths_of_different_sizes_make_no_map()
    {
        Needs.Tool("nbdkit");
        NbdServerPeer a = Nbdkit("a", "memory", "8M");
        NbdServerPeer b = Nbdkit("b", "memory", "16M");
        await a.StartAsync();
        await b.StartAsync();

        Peer braid = await StartBraidAsync("--path", a.Declared, "--path", b.Declared);

        (await braid.WaitForExitAsync()).ShouldBe(1);
        braid.Errors[^1].ShouldBe("braid: path b has 16777216 bytes, not 8388608: "
            + "all paths must lead to the same volume");
    }

    [Theory]
    [InlineData(new uint[] { 7, 0, 0 })]
    [InlineData(new uint[] { 7, uint.MaxValue, 0 })]
    [InlineData(new uint[] { 7, 512, 0, 0, 0, 512, 3 })]
    [InlineData(new uint[] { 8, 512, 0 })]
    [InlineData(new uint[] { 7 })]
    [InlineData(new uint[] { 7, 512, 0, 512 })]
    public async Task A_client_gets_a_sound_map_whatever_the_server_says_of_its_extents(
        uint[] words)
    {
        Needs.Tool("nbdkit", "nbdinfo");
        BraidProcess braid = await StartBesideAsync(new LyingServer(
            FilePath("liar"), async (nbd, _) =>
            {
                await LyingServer.ShakeHandsAsync(nbd, Size, structured: true);
                while (true)
                {
                    RawRequest request = await nbd.RequestAsync();
                    object[] body = request.Type == RawNbd.BlockStatus
                        ? [.. words.Cast<object>()]
                        : [request.Offset, Bytes((int)request.Length)];
                    ushort type = request.Type == RawNbd.BlockStatus
                        ? RawNbd.ChunkBlockStatus
                        : RawNbd.ChunkData;
                    await ChunkAsync(nbd, request, type, body);
                }
            }));

        string map = await RunAsync("nbdinfo", "--map", braid.Uri);

        long end = 0;
        foreach (string line in map.Split('\n'))
        {
            string[] columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            long.Parse(columns[0], null).ShouldBe(end);
            end += long.Parse(columns[1], null);
        }
        end.ShouldBe(Size);
    }

    private static byte[] Bytes(int count) => [.. Enumerable.Repeat((byte)0xee, count)];

    /// <summary>The last chunk of a structured reply.</summary>
    private static Task ChunkAsync(
        RawNbd nbd, RawRequest request, ushort type, params object[] body)
    {
        int length = body.Sum(field => field switch
        {
            byte[] bytes => bytes.Length,
            ulong => 8,
            uint => 4,
            _ => 2,
        });
        return nbd.SendAsync([RawNbd.StructuredReplyMagic, RawNbd.ChunkDone, type,
            request.Cookie, (uint)length, .. body]);
    }

    private async Task<BraidProcess> StartBesideAsync(LyingServer liar)
    {
        Keep(liar);
        NbdServerPeer honest = Nbdkit("b", "file", MakeRandomFile("volume", Size));
        await honest.StartAsync();
        return await RunBraidAsync(
            "--path", liar.Declared, "--path", honest.Declared, "--grouping", "failover",
            "--io-timeout", "1", "--connect-timeout", "1");
    }

    private async Task ShouldServeAsync(BraidProcess braid)
    {
        await RunAsync("nbdcopy", braid.Uri, FilePath("back"));
        await RunAsync("cmp", FilePath("volume"), FilePath("back"));
        braid.Process.HasExited.ShouldBeFalse();
    }

    private sealed record Lie(
        bool Structured, string Says, Func<RawNbd, RawRequest, Task> Tell);
}
