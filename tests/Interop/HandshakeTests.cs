// SPDX-License-Identifier: Apache-2.0
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop;

/// <summary>The handshake of the NBD export, with real clients and with raw bytes.</summary>
public sealed class HandshakeTests : InteropTest
{
    private const ulong Size = 16 << 20;

    [Fact]
    public async Task Nbdinfo_sees_the_size_and_all_that_the_volume_can_do()
    {
        Needs.Tool("nbdkit", "nbdinfo");
        (NbdServerPeer a, NbdServerPeer b) =
            await StartServersAsync(MakeSparseFile("volume", (long)Size));
        BraidProcess braid = await RunBraidAsync("--path", a.Declared, "--path", b.Declared);

        string info = await RunAsync("nbdinfo", braid.Uri);

        string[] facts =
        [
            "newstyle-fixed", "using structured packets", "export-size: 16777216 (16M)",
            "base:allocation", "is_read_only: false", "can_cache: true", "can_df: true",
            "can_flush: true", "can_fua: true", "can_multi_conn: true", "can_trim: true",
            "can_zero: true", "block_size_minimum: 1", "block_size_maximum: 33554432",
        ];
        foreach (string fact in facts) info.ShouldContain(fact);
    }

    [Fact]
    public async Task Several_exports_on_one_endpoint_are_listed_and_reach_the_same_bytes()
    {
        Needs.Tool("nbdinfo", "qemu-nbd", "qemu-io");
        string at = $"socket={FilePath("m")}";
        BraidProcess braid = await RunBraidOnAsync(
            [$"nbd+unix:///first?{at}", $"nbd+unix:///second%20one?{at}", $"nbd+unix:///?{at}"],
            "--path", "mem:store?size=16M");

        string listed = await RunAsync("nbdinfo", "--list", braid.Uri);
        string[] names = ["export=\"first\":", "export=\"second one\":", "export=\"\":"];
        foreach (string name in names) listed.ShouldContain(name);
        (await RunAsync("qemu-nbd", "--list", "-k", FilePath("m")))
            .ShouldContain("exports available: 3");
        await QemuIoAsync(braid.Exports[0], "write -P 0x21 0 64k");
        await QemuIoAsync(braid.Exports[1], "read -P 0x21 0 64k");
        await QemuIoAsync(braid.Exports[2], "read -P 0x21 0 64k");

        string refused = await FailAsync("nbdinfo", $"nbd+unix:///third?{at}");
        refused.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("[::1]")]
    [InlineData("localhost")]
    public async Task An_export_on_tcp_says_which_port_it_took(string host)
    {
        Needs.Tool("nbdinfo", "qemu-io");
        BraidProcess braid = await RunBraidOnAsync(
            [$"nbd://{host}:0/vol"], "--path", "mem:store?size=16M");

        new Uri(braid.Uri).Port.ShouldBeGreaterThan(0);
        (await RunAsync("nbdinfo", "--size", braid.Uri)).ShouldBe("16777216");
        await QemuIoAsync(braid.Uri, "write -P 0x21 0 64k", "read -P 0x21 0 64k");
    }

    [Fact]
    public async Task Only_its_owner_may_connect_to_a_unix_socket_and_it_goes_with_braid()
    {
        BraidProcess braid = await RunBraidAsync("--path", "mem:store?size=16M");

        File.GetUnixFileMode(FilePath("m"))
            .ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await braid.StopAsync();

        File.Exists(FilePath("m")).ShouldBeFalse();
    }

    [Fact]
    public async Task The_socket_of_a_braid_that_was_killed_is_taken_over()
    {
        BraidProcess first = await RunBraidAsync("--path", "mem:store?size=16M");
        await first.KillAsync();
        File.Exists(FilePath("m")).ShouldBeTrue();

        await RunBraidAsync("--path", "mem:store?size=16M");

        using RawNbd client = await RawClient.ConnectAsync(FilePath("m"));
        (await RawClient.GoAsync(client)).ShouldBe((long)Size);
    }

    [Fact]
    public async Task A_socket_that_somebody_listens_on_is_not_taken_over()
    {
        BraidProcess first = await RunBraidAsync("--path", "mem:store?size=16M");

        Peer second = await StartBraidAsync("--path", "mem:store?size=16M",
            "--export", $"nbd+unix:///other?socket={FilePath("other")}", "--export", first.Uri);

        (await second.WaitForExitAsync()).ShouldBe(1);
        second.Errors[^1].ShouldContain("another process does already");
        File.Exists(FilePath("other")).ShouldBeFalse();
        using RawNbd client = await RawClient.OpenAsync(FilePath("m"));
    }

    [Fact]
    public async Task A_file_in_the_place_of_the_socket_is_left_alone()
    {
        MakeRandomFile("m", 100);

        Peer braid = await StartBraidAsync("--path", "mem:store?size=16M",
            "--export", $"nbd+unix:///vol?socket={FilePath("m")}");

        (await braid.WaitForExitAsync()).ShouldBe(1);
        braid.Errors[^1].ShouldContain("Address already in use");
        new FileInfo(FilePath("m")).Length.ShouldBe(100);
    }

    [Fact]
    public async Task Sixty_four_clients_at_once_each_read_what_they_wrote()
    {
        await RunBraidAsync("--path", "mem:store?size=16M", "--path", "mem:store");
        await Task.WhenAll(Enumerable.Range(0, 64).Select(async number =>
        {
            using RawNbd client = await RawClient.OpenAsync(FilePath("m"));
            byte[] mine = [.. Enumerable.Repeat((byte)number, 8192)];
            for (uint i = 0; i < 16; i++)
            {
                ulong offset = ((ulong)number * 131072) + (i * 8192);
                await client.CommandAsync(RawNbd.Write, i, offset, 8192, 0, mine);
                (await client.SimpleReplyAsync(i)).ShouldBe(0u);
                await client.CommandAsync(RawNbd.Read, i + 100, offset, 8192);
                (await client.SimpleReplyAsync(i + 100)).ShouldBe(0u);
                (await client.ReceiveAsync(8192)).ShouldBe(mine);
            }
        }));
    }

    /// <summary>
    /// More than the I/O memory of all clients together: they have to take turns.
    /// </summary>
    [Theory]
    [InlineData(RawNbd.Write)]
    [InlineData(RawNbd.Read)]
    public async Task Twenty_clients_with_32_MiB_each_are_all_served(int command)
    {
        const uint Length = 32 << 20;
        await RunBraidAsync("--path", "mem:store?size=64M", "--path", "mem:store");
        byte[] payload = new byte[command == RawNbd.Write ? (int)Length : 0];
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            using RawNbd client = await RawClient.OpenAsync(FilePath("m"));
            for (uint i = 0; i < 2; i++)
            {
                await client.CommandAsync((ushort)command, i, 0, Length);
                await client.SendBytesAsync(payload);
                (await client.SimpleReplyAsync(i)).ShouldBe(0u);
                if (command == RawNbd.Read) await client.ReceiveAsync(Length);
            }
        }));
    }

    [Fact]
    public async Task An_unknown_option_is_refused_and_the_handshake_goes_on()
    {
        using RawNbd client = await GreetAsync();
        uint[] unknown = [77, uint.MaxValue, 4, 5];
        foreach (uint option in unknown)
        {
            await client.OptionAsync(option, new byte[1000]);
            (uint type, _) = await client.OptionReplyAsync(option);
            type.ShouldBe(RawNbd.RepErrUnsupported);
        }
        await ShouldGoAsync(client);
    }

    [Fact]
    public async Task An_unknown_export_is_refused_and_the_client_may_choose_another()
    {
        using RawNbd client = await GreetAsync();
        foreach (uint option in new[] { RawNbd.OptInfo, RawNbd.OptGo })
        {
            await client.OptionAsync(option, 5u, "other", (ushort)0);
            (uint type, _) = await client.OptionReplyAsync(option);
            type.ShouldBe(RawNbd.RepErrUnknown);
        }
        await ShouldGoAsync(client);
    }

    [Fact]
    public async Task Options_whose_lengths_do_not_add_up_are_refused()
    {
        using RawNbd client = await GreetAsync();
        object[][] bad =
        [
            [], [5u], [5u, "vol", (ushort)0], [3u, "vol", (ushort)2, (ushort)3],
            [uint.MaxValue, "vol", (ushort)0], [3u, "vol", (ushort)0, (ushort)0],
        ];
        foreach (object[] data in bad)
        {
            await client.OptionAsync(RawNbd.OptGo, data);
            (uint type, _) = await client.OptionReplyAsync(RawNbd.OptGo);
            type.ShouldBe(RawNbd.RepErrInvalid);
        }
        await client.OptionAsync(RawNbd.OptList, "x");
        (uint list, _) = await client.OptionReplyAsync(RawNbd.OptList);
        list.ShouldBe(RawNbd.RepErrInvalid);
        // Not before structured replies.
        await client.OptionAsync(
            RawNbd.OptSetMetaContext, 3u, "vol", 1u, 15u, "base:allocation");
        (uint meta, _) = await client.OptionReplyAsync(RawNbd.OptSetMetaContext);
        meta.ShouldBe(RawNbd.RepErrInvalid);
        await ShouldGoAsync(client);
    }

    [Fact]
    public async Task An_option_of_a_gibibyte_ends_the_handshake()
    {
        using RawNbd client = await GreetAsync();
        await client.SendAsync("IHAVEOPT", RawNbd.OptGo, 1u << 30);
        (await client.IsClosedAsync()).ShouldBeTrue();
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("")]
    public async Task What_is_no_handshake_is_cut_off(string garbage)
    {
        await RunBraidAsync("--path", "mem:store?size=16M");
        using (RawNbd client = await RawClient.ConnectAsync(FilePath("m")))
        {
            _ = await client.ReceiveAsync(18);
            await client.SendAsync(garbage);
            if (garbage.Length > 0) (await client.IsClosedAsync()).ShouldBeTrue();
        }
        using RawNbd other = await RawClient.OpenAsync(FilePath("m"));
    }

    [Fact]
    public async Task Clients_that_only_look_are_not_worth_a_line_in_the_log()
    {
        BraidProcess braid = await RunBraidAsync("--path", "mem:store?size=16M");
        for (int i = 0; i < 50; i++)
        {
            using RawNbd gone = await RawClient.ConnectAsync(FilePath("m"));
            if (i % 3 == 1) _ = await gone.ReceiveAsync(18);
            if (i % 3 == 2) await RawClient.GreetAsync(gone);
        }
        using RawNbd client = await RawClient.OpenAsync(FilePath("m"));

        await braid.StopAsync();

        braid.Log.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_client_that_aborts_gets_its_acknowledgement()
    {
        using RawNbd client = await GreetAsync();
        await client.OptionAsync(RawNbd.OptAbort);
        (uint type, _) = await client.OptionReplyAsync(RawNbd.OptAbort);
        type.ShouldBe(RawNbd.RepAck);
        (await client.IsClosedAsync()).ShouldBeTrue();
    }

    [Theory]
    [InlineData(0u, 134)]
    [InlineData(1u, 134)]
    [InlineData(3u, 10)]
    public async Task An_old_client_opens_its_export_by_name(uint flags, int length)
    {
        await RunBraidAsync("--path", "mem:store?size=16M");
        using RawNbd client = await RawClient.ConnectAsync(FilePath("m"));
        await RawClient.GreetAsync(client, flags);

        await client.OptionAsync(RawNbd.OptExportName, "vol");

        byte[] answer = await client.ReceiveAsync(length);
        RawNbd.U64(answer, 0).ShouldBe(Size);
        (RawNbd.U16(answer, 8) & 1).ShouldBe(1);
        await client.CommandAsync(RawNbd.Read, 1, 0, 512);
        (await client.SimpleReplyAsync(1)).ShouldBe(0u);
        (await client.ReceiveAsync(512)).ShouldAllBe(stored => stored == 0);
    }

    [Fact]
    public async Task An_old_client_of_an_unknown_export_is_cut_off()
    {
        using RawNbd client = await GreetAsync();
        await client.OptionAsync(RawNbd.OptExportName, "other");
        (await client.IsClosedAsync()).ShouldBeTrue();
    }

    [Fact]
    public async Task A_client_with_structured_replies_gets_its_reads_and_errors_in_chunks()
    {
        await RunBraidAsync("--path", "mem:store?size=16M");
        using RawNbd client = await RawClient.OpenAsync(FilePath("m"), structured: true);

        await client.CommandAsync(RawNbd.Read, 1, 4096, 512);
        byte[] data = await client.ReceiveAsync(20 + 8 + 512);
        RawNbd.U32(data, 0).ShouldBe(RawNbd.StructuredReplyMagic);
        RawNbd.U16(data, 4).ShouldBe(RawNbd.ChunkDone);
        RawNbd.U16(data, 6).ShouldBe(RawNbd.ChunkData);
        RawNbd.U64(data, 20).ShouldBe(4096u);

        await client.CommandAsync(RawNbd.Read, 2, Size, 512);
        byte[] error = await client.ReceiveAsync(20 + 6);
        RawNbd.U16(error, 4).ShouldBe(RawNbd.ChunkDone);
        RawNbd.U16(error, 6).ShouldBe(RawNbd.ChunkError);
        RawNbd.U32(error, 20).ShouldBe(RawNbd.Einval);
    }

    private static async Task ShouldGoAsync(RawNbd client)
    {
        await client.OptionAsync(RawNbd.OptGo, 3u, "vol", (ushort)0);
        (uint type, _) = await client.OptionReplyAsync(RawNbd.OptGo);
        type.ShouldBe(RawNbd.RepInfo);
    }

    private async Task<RawNbd> GreetAsync()
    {
        await RunBraidAsync("--path", "mem:store?size=16M");
        RawNbd client = await RawClient.ConnectAsync(FilePath("m"));
        await RawClient.GreetAsync(client);
        return client;
    }
}
