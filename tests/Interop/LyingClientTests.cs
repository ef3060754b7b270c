// SPDX-License-Identifier: Apache-2.0
using System.Net.Sockets;
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop;

/// <summary>
/// Clients that lie. Each gets a clear answer or is cut off, and a decent client that was connected
/// all the time notices nothing.
/// </summary>
public sealed class LyingClientTests : InteropTest
{
    private const long Size = 16 << 20;
    private const uint MaxPayload = 32 << 20;

    [Fact]
    public async Task Commands_of_an_unknown_kind_or_with_unknown_flags_get_EINVAL()
    {
        await WhileADecentClientWorksAsync(async client =>
        {
            await client.CommandAsync(99, 1, 0, 512);
            (await client.SimpleReplyAsync(1)).ShouldBe(RawNbd.Einval);
            await client.CommandAsync(RawNbd.Read, 2, 0, 512, flags: 0x8000);
            (await client.SimpleReplyAsync(2)).ShouldBe(RawNbd.Einval);
            await client.CommandAsync(RawNbd.BlockStatus, 3, 0, 512);
            (await client.SimpleReplyAsync(3)).ShouldBe(RawNbd.Einval);
            await ShouldReadAsync(client, 4);
        });
    }

    [Theory]
    [InlineData(RawNbd.Read)]
    [InlineData(RawNbd.Trim)]
    [InlineData(RawNbd.WriteZeroes)]
    public async Task A_length_of_4_GiB_is_refused_and_the_connection_goes_on(int command)
    {
        await WhileADecentClientWorksAsync(async client =>
        {
            await client.CommandAsync((ushort)command, 1, 0, uint.MaxValue);
            (await client.SimpleReplyAsync(1)).ShouldBeOneOf(RawNbd.Einval, RawNbd.Enospc);
            await ShouldReadAsync(client, 2);
        });
    }

    [Fact]
    public async Task A_write_of_4_GiB_is_refused_before_its_payload()
    {
        await WhileADecentClientWorksAsync(async client =>
        {
            await client.CommandAsync(RawNbd.Write, 1, 0, uint.MaxValue);
            (await client.SimpleReplyAsync(1)).ShouldBe(RawNbd.Einval);
            await client.SendAsync(new byte[1 << 20]);
        });
    }

    [Fact]
    public async Task The_payload_of_a_refused_write_is_skipped_and_the_next_command_served()
    {
        await WhileADecentClientWorksAsync(async client =>
        {
            const uint Length = MaxPayload + 4096;
            await client.CommandAsync(RawNbd.Write, 1, 0, Length);
            await client.SendAsync(new byte[Length]);
            (await client.SimpleReplyAsync(1)).ShouldBe(RawNbd.Einval);
            await client.CommandAsync(RawNbd.Write, 2, Size - 512, 1024, 0, new byte[1024]);
            (await client.SimpleReplyAsync(2)).ShouldBe(RawNbd.Enospc);
            await ShouldReadAsync(client, 3);
        });
    }

    [Theory]
    [InlineData(RawNbd.Read, RawNbd.Einval)]
    [InlineData(RawNbd.Trim, RawNbd.Einval)]
    [InlineData(RawNbd.Cache, RawNbd.Einval)]
    [InlineData(RawNbd.WriteZeroes, RawNbd.Enospc)]
    public async Task What_lies_beyond_the_end_is_refused(int command, uint error)
    {
        await WhileADecentClientWorksAsync(async client =>
        {
            ulong[] offsets = [Size, Size - 511, ulong.MaxValue - 511, long.MaxValue];
            for (uint i = 0; i < offsets.Length; i++)
            {
                await client.CommandAsync((ushort)command, i, offsets[i], 512);
                (await client.SimpleReplyAsync(i)).ShouldBe(error);
            }
            await ShouldReadAsync(client, 9);
        });
    }

    [Theory]
    [InlineData(RawNbd.Read)]
    [InlineData(RawNbd.Write)]
    [InlineData(RawNbd.Trim)]
    [InlineData(RawNbd.WriteZeroes)]
    public async Task A_command_without_a_length_gets_EINVAL(int command)
    {
        await WhileADecentClientWorksAsync(async client =>
        {
            await client.CommandAsync((ushort)command, 1, 0, 0);
            (await client.SimpleReplyAsync(1)).ShouldBe(RawNbd.Einval);
            await ShouldReadAsync(client, 2);
        });
    }

    [Fact]
    public async Task Garbage_after_the_handshake_ends_that_client_only()
    {
        await WhileADecentClientWorksAsync(async client =>
        {
            // A command that is well before: its reply may come or not, but nothing else breaks.
            await client.CommandAsync(RawNbd.Write, 1, 4096, 4096, 0, new byte[4096]);
            await client.SendAsync(new string('x', 4096));
            await Eventually.IsTrueAsync(client.IsClosedAsync, () => "it is cut off");
        });
    }

    [Theory]
    [InlineData(65536, 1000)]
    [InlineData(4 << 20, 1000)]
    [InlineData(4 << 20, (3 << 20) + 5)]
    [InlineData(1, 0)]
    public async Task A_client_that_goes_within_a_payload_takes_nobody_with_it(
        int length, int sent)
    {
        await WhileADecentClientWorksAsync(async client =>
        {
            for (int i = 0; i < 8; i++)
            {
                using RawNbd other = await RawClient.OpenAsync(FilePath("m"));
                // With nothing else in flight at first, then with reads that nobody will take.
                for (uint read = 0; read < i; read++)
                    await other.CommandAsync(RawNbd.Read, read, 0, 1 << 20);
                await other.CommandAsync(
                    RawNbd.Write, 99, 8 << 20, (uint)length, 0, Filled(sent));
            }
            await client.CommandAsync(
                RawNbd.Write, 1, 8 << 20, (uint)length, 0, Filled(sent));
        });
        using RawNbd decent = await RawClient.OpenAsync(FilePath("m"));
        await decent.CommandAsync(RawNbd.Read, 1, 8 << 20, 1 << 20);
        (await decent.SimpleReplyAsync(1)).ShouldBe(0u);
        byte[] stored = await decent.ReceiveAsync(1 << 20);
        // A write that fits into one piece was not whole: none of it may be there.
        if (length < 1 << 20) stored.ShouldAllBe(stored => stored == 0);
    }

    [Fact]
    public async Task A_client_that_never_reads_its_replies_holds_up_nobody()
    {
        await WhileADecentClientWorksAsync(async client =>
        {
            // 2 GiB of replies: far more than sockets and Braid will hold for it. From some point
            // on Braid does not take its commands either.
            Task flood = Task.Run(async () =>
            {
                for (uint i = 0; i < 2048; i++)
                    await client.CommandAsync(RawNbd.Read, i, 0, 1 << 20);
            });
            using RawNbd decent = await RawClient.OpenAsync(FilePath("m"));
            for (uint i = 0; i < 100; i++) await ShouldReadAsync(decent, i);
            client.Dispose();
            await flood.ContinueWith(_ => { }, TaskScheduler.Default);
        });
    }

    /// <summary>Together they hold all of the I/O memory, and would for ever.</summary>
    [Fact]
    public async Task Many_clients_that_never_read_hold_up_long_commands_for_a_while_only()
    {
        const int Clients = 24;
        BraidProcess braid = await StartAsync();
        var hogs = new List<RawNbd>();
        for (int i = 0; i < Clients; i++)
        {
            RawNbd hog = await RawClient.OpenAsync(FilePath("m"));
            hogs.Add(hog);
            for (uint read = 0; read < 32; read++)
                await hog.CommandAsync(RawNbd.Read, read, 0, 1 << 20);
        }
        using RawNbd decent = await RawClient.OpenAsync(FilePath("m"));
        for (uint i = 0; i < 100; i++) await ShouldReadAsync(decent, i);
        braid.Logged("cut off").ShouldBe(0);

        await decent.CommandAsync(RawNbd.Read, 100, 0, 1 << 20);
        (await decent.SimpleReplyAsync(100)).ShouldBe(0u);
        _ = await decent.ReceiveAsync(1 << 20);
        await Eventually.IsTrueAsync(
            () => braid.Logged("cut off") is > 0 and < Clients, () => "some are cut off");
        hogs.ForEach(hog => hog.Dispose());
    }

    [Fact]
    public async Task A_hundred_clients_that_say_nothing_hold_up_nobody()
    {
        var silent = new List<RawNbd>();
        await WhileADecentClientWorksAsync(async client =>
        {
            for (int i = 0; i < 100; i++) silent.Add(await RawClient.ConnectAsync(FilePath("m")));
            await ShouldReadAsync(client, 1);
        });
        silent.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task Whoever_is_connected_when_braid_stops_is_let_go()
    {
        BraidProcess braid = await StartAsync();
        using RawNbd silent = await RawClient.ConnectAsync(FilePath("m"));
        using RawNbd greeted = await RawClient.ConnectAsync(FilePath("m"));
        await RawClient.GreetAsync(greeted);
        using RawNbd client = await RawClient.OpenAsync(FilePath("m"));
        using RawNbd busy = await RawClient.OpenAsync(FilePath("m"));
        await busy.CommandAsync(RawNbd.Write, 1, 0, 4096, 0, new byte[100]);

        await braid.StopAsync();

        (await client.IsClosedAsync()).ShouldBeTrue();
        (await busy.IsClosedAsync()).ShouldBeTrue();
    }

    [Fact]
    public async Task A_disconnect_behind_writes_does_not_lose_them()
    {
        await WhileADecentClientWorksAsync(async client =>
        {
            for (uint i = 0; i < 16; i++)
                await client.CommandAsync(
                    RawNbd.Write, i, i * 4096, 4096, 0, Filled(4096));
            await client.CommandAsync(RawNbd.Disconnect, 99, 0, 0);
            // Each is answered before the end, in whatever order.
            for (uint i = 0; i < 16; i++) _ = await client.ReceiveAsync(16);
            (await client.IsClosedAsync()).ShouldBeTrue();
        });
        using RawNbd decent = await RawClient.OpenAsync(FilePath("m"));
        await decent.CommandAsync(RawNbd.Read, 1, 0, 65536);
        (await decent.SimpleReplyAsync(1)).ShouldBe(0u);
        (await decent.ReceiveAsync(65536)).ShouldAllBe(stored => stored == 0xdd);
    }

    [Fact]
    public async Task A_connection_that_is_reset_over_tcp_takes_nobody_with_it()
    {
        BraidProcess braid = await RunBraidOnAsync(
            ["nbd://127.0.0.1:0/vol"], "--path", "mem:store?size=16M");
        var uri = new Uri(braid.Uri);
        for (int i = 0; i < 20; i++)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync("127.0.0.1", uri.Port);
            using var client = new RawNbd(socket);
            await RawClient.GoAsync(client);
            for (uint read = 0; read < 64; read++)
                await client.CommandAsync(RawNbd.Read, read, 0, 1 << 20);
            await client.CommandAsync(RawNbd.Write, 99, 0, 4 << 20, 0, new byte[i * 65536]);
            // Closing with a linger of 0 sends a reset.
            socket.LingerState = new LingerOption(true, 0);
        }

        Needs.Tool("nbdcopy");
        await RunAsync("nbdcopy", braid.Uri, "null:");
    }

    private static byte[] Filled(int count) => [.. Enumerable.Repeat((byte)0xdd, count)];

    private static async Task ShouldReadAsync(RawNbd client, ulong cookie)
    {
        await client.CommandAsync(RawNbd.Read, cookie, 0, 4096);
        (await client.SimpleReplyAsync(cookie)).ShouldBe(0u);
        _ = await client.ReceiveAsync(4096);
    }

    private Task<BraidProcess> StartAsync() =>
        RunBraidAsync("--path", "mem:store?size=16M", "--path", "mem:store");

    /// <summary>Lets a client misbehave, while another reads and writes its own block.</summary>
    private async Task WhileADecentClientWorksAsync(Func<RawNbd, Task> misbehave)
    {
        BraidProcess braid = await StartAsync();
        using RawNbd decent = await RawClient.OpenAsync(FilePath("m"));
        using (RawNbd client = await RawClient.OpenAsync(FilePath("m"))) await misbehave(client);

        await decent.CommandAsync(RawNbd.Write, 1, Size - 4096, 4096, 0, Filled(4096));
        (await decent.SimpleReplyAsync(1)).ShouldBe(0u);
        await decent.CommandAsync(RawNbd.Read, 2, Size - 4096, 4096);
        (await decent.SimpleReplyAsync(2)).ShouldBe(0u);
        (await decent.ReceiveAsync(4096)).ShouldBe(Filled(4096));
        // Braid may see the end of the bad client only after this: a new one proves that it lives.
        using RawNbd late = await RawClient.OpenAsync(FilePath("m"));
        await ShouldReadAsync(late, 1);
        braid.ShouldHaveFailedNoPath();
    }
}
