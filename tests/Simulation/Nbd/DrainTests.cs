// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Transports.Nbd;
using Braid.Wire.Nbd;

namespace Braid.Tests.Simulation;

/// <summary>
/// What a path makes of the replies that come after it has given a connection up: the writes they
/// answer are quiet, and nothing else of them is used.
/// </summary>
public sealed class DrainTests : IBioOwner, IDisposable
{
    private const long Second = 1_000_000_000;
    private const long Quiesce = 5 * Second;
    private const int Length = 4096;

    private readonly SimulatedLoop _loop = new(1);
    private readonly SimulatedNetwork _network;
    private readonly NbdDevice _device;
    private readonly TestBuffer _read = new(Length);
    private readonly TestBuffer _write = new(Length);
    private readonly List<Bio> _ended = [];
    private readonly TaskCompletionSource _late = new();

    public DrainTests()
    {
        _network = new SimulatedNetwork(_loop);
        _device = new NbdDevice(
            _loop, _network, "p", NbdUri.Parse("nbd+unix:///x?socket=/sim/scripted"),
            new QueueOptions { Depth = 8 },
            new NbdSettings { IoTimeoutNs = Second, QuiesceNs = Quiesce });
    }

    void IBioOwner.EndBio(Bio bio) => _ended.Add(bio);

    public void Dispose()
    {
        _read.Dispose();
        _write.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_late_reply_makes_its_write_quiet_and_touches_no_memory(bool structured)
    {
        StaleWrite stale = GiveUp(structured, async (server, read, write) =>
        {
            if (structured)
                await server.DataAsync(read.Cookie, 0, Bytes(7), done: true);
            else
                await server.SendAsync([.. Reply(read.Cookie), .. Bytes(7)]);
            await server.ReplyAsync(write.Cookie, NbdError.None);
        });
        _read.Bytes.Fill(1);
        _late.SetResult();
        _loop.RunFor(Second);
        stale.IsQuiet.ShouldBeTrue();
        _read.Bytes.IndexOfAnyExcept((byte)1).ShouldBe(-1);
        _device.Breaches.ShouldBe(0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_rest_of_a_payload_that_was_under_way_is_thrown_away(bool structured)
    {
        StaleWrite stale = GiveUp(
            structured,
            async (server, _, write) =>
            {
                await server.SendAsync(Bytes(7)[1000..]);
                await server.ReplyAsync(write.Cookie, NbdError.None);
            },
            early: (server, read) =>
            {
                byte[] head = structured ? DataHead(read.Cookie) : Reply(read.Cookie);
                return server.SendAsync([.. head, .. Bytes(7)[..1000]]);
            });
        _read.Bytes.Fill(1);
        _late.SetResult();
        _loop.RunFor(Second);
        stale.IsQuiet.ShouldBeTrue();
        _read.Bytes.IndexOfAnyExcept((byte)1).ShouldBe(-1);
    }

    [Fact]
    public void A_server_that_makes_no_sense_proves_nothing_and_time_does()
    {
        StaleWrite stale = GiveUp(true, (server, _, _) => server.SendAsync(Bytes(0xff)));
        _late.SetResult();
        _loop.RunFor(Quiesce - (Second / 10));
        stale.IsQuiet.ShouldBeFalse();
        _loop.RunFor(Second / 5);
        stale.IsQuiet.ShouldBeTrue();
    }

    [Fact]
    public void A_reply_to_no_request_proves_nothing()
    {
        StaleWrite stale = GiveUp(true, async (server, _, write) =>
        {
            await server.ReplyAsync(write.Cookie + 1, NbdError.None);
            await server.ReplyAsync(write.Cookie, NbdError.None);
        });
        _late.SetResult();
        _loop.RunFor(Second);
        stale.IsQuiet.ShouldBeFalse();
    }

    [Fact]
    public void A_server_that_closes_the_connection_proves_nothing()
    {
        StaleWrite stale = GiveUp(true, (_, _, _) => throw new EndOfStreamException());
        _late.SetResult();
        _network.Reset(Endpoint.Unix("/sim/scripted"));
        _loop.RunFor(Second);
        stale.IsQuiet.ShouldBeFalse();
        _loop.RunFor(Quiesce);
        stale.IsQuiet.ShouldBeTrue();
    }

    [Fact]
    public void Where_only_reads_were_lost_nothing_is_waited_for()
    {
        _ = new ScriptedServer(
            _loop, _network, Endpoint.Unix("/sim/scripted"), 1 << 20, async server =>
            {
                await server.RequestAsync();
                await server.RequestAsync();
            });
        _device.Start();
        _loop.RunUntil(() => _device.State == PathState.Up, 10 * Second).ShouldBeTrue();
        var read = new Bio(this) { Operation = BlockOperation.Read, Length = Length };
        _read.AttachTo(read);
        _device.Submit(read);
        _loop.RunUntil(() => _ended.Count == 1, 10 * Second).ShouldBeTrue();
        read.Status.ShouldBe(BlockStatus.Timeout);
        _device.Stop();
        _loop.Timers.Count.ShouldBe(0);
    }

    /// <summary>
    /// Sends a read and a write, of which the server answers none, or half, in time. The write.
    /// </summary>
    private StaleWrite GiveUp(
        bool structured, Func<ScriptedServer, NbdRequest, NbdRequest, ValueTask> late,
        Func<ScriptedServer, NbdRequest, ValueTask>? early = null)
    {
        _ = new ScriptedServer(
            _loop, _network, Endpoint.Unix("/sim/scripted"), 1 << 20, async server =>
            {
                NbdRequest read = await server.RequestAsync();
                NbdRequest write = await server.RequestAsync();
                await server.ReadAsync(Length);
                if (early is not null) await early(server, read);
                await _late.Task;
                await late(server, read, write);
                await server.RequestAsync();
            })
        {
            StructuredReplies = structured,
        };
        _device.Start();
        _loop.RunUntil(() => _device.State == PathState.Up, 10 * Second).ShouldBeTrue();
        var read = new Bio(this) { Operation = BlockOperation.Read, Length = Length };
        var write = new Bio(this) { Operation = BlockOperation.Write, Offset = 8192 };
        write.Length = Length;
        _read.AttachTo(read);
        _write.AttachTo(write);
        _device.Submit(read);
        _device.Submit(write);
        _loop.RunUntil(() => _ended.Count == 2, 10 * Second).ShouldBeTrue();
        _ended.ShouldAllBe(bio => bio.Status == BlockStatus.Timeout);
        read.Stale.ShouldBeNull();
        return write.Stale.ShouldNotBeNull();
    }

    private static byte[] Bytes(byte value)
    {
        byte[] bytes = new byte[Length];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    private static byte[] Reply(ulong cookie)
    {
        byte[] bytes = new byte[NbdProtocol.SimpleReplySize];
        new NbdSimpleReply(NbdError.None, cookie).Write(bytes);
        return bytes;
    }

    private static byte[] DataHead(ulong cookie)
    {
        const int Size = NbdProtocol.ChunkHeaderSize + NbdProtocol.ChunkOffsetSize;
        byte[] bytes = new byte[Size];
        new NbdChunk(
            NbdChunkFlags.Done, NbdChunkType.OffsetData, cookie,
            NbdProtocol.ChunkOffsetSize + Length).Write(bytes);
        return bytes;
    }
}
