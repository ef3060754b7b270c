// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Transports.Nbd;
using Braid.Wire.Nbd;

namespace Braid.Tests.Simulation;

/// <summary>What an NBD path makes of a server's replies, right ones and wrong ones.</summary>
public sealed class ClientProtocolTests : IBioOwner, IDisposable
{
    private const long Second = 1_000_000_000;
    private const int Length = 4096;

    private static readonly Endpoint Server = Endpoint.Unix("/sim/scripted");

    private readonly SimulatedLoop _loop = new(1);
    private readonly SimulatedNetwork _network;
    private readonly NbdDevice _device;
    private readonly TestBuffer _data = new(Length);
    private readonly List<BlockStatus> _ended = [];

    public ClientProtocolTests()
    {
        _network = new SimulatedNetwork(_loop);
        var settings = new NbdSettings { IoTimeoutNs = Second, ConnectTimeoutNs = Second };
        _device = new NbdDevice(
            _loop, _network, "p", NbdUri.Parse("nbd+unix:///x?socket=/sim/scripted"),
            new QueueOptions { Depth = 8 }, settings);
    }

    private Span<byte> Data => _data.Bytes;

    void IBioOwner.EndBio(Bio bio) => _ended.Add(bio.Status);

    public void Dispose() => _data.Dispose();

    [Fact]
    public void A_read_may_come_in_chunks_out_of_order_with_holes()
    {
        Data.Fill(0xee);
        Serve(async server =>
        {
            NbdRequest read = await server.RequestAsync();
            await server.DataAsync(read.Cookie, 3072, Bytes(1024, 3), done: false);
            await server.HoleAsync(read.Cookie, 1024, 2048, done: false);
            await server.DataAsync(read.Cookie, 0, Bytes(1024, 1), done: false);
            await server.ChunkAsync(read.Cookie, NbdChunkType.None, done: true);
        });
        Read().ShouldBe(BlockStatus.Ok);
        Data[..1024].IndexOfAnyExcept((byte)1).ShouldBe(-1);
        Data[1024..3072].IndexOfAnyExcept((byte)0).ShouldBe(-1);
        Data[3072..].IndexOfAnyExcept((byte)3).ShouldBe(-1);
        _device.Breaches.ShouldBe(0);
    }

    [Fact]
    public void Replies_torn_into_single_bytes_are_the_same_replies()
    {
        _network.Link(Server).TearsAtBytes = 1;
        Serve(async server =>
        {
            NbdRequest read = await server.RequestAsync();
            await server.DataAsync(read.Cookie, 0, Bytes(Length, 9), done: true);
        });
        Read().ShouldBe(BlockStatus.Ok);
        Data.IndexOfAnyExcept((byte)9).ShouldBe(-1);
    }

    [Theory]
    [InlineData(BlockOperation.Flush)]
    [InlineData(BlockOperation.Discard)]
    [InlineData(BlockOperation.WriteZeroes)]
    public void All_io_of_a_path_that_was_never_reached_fails_as_on_one_that_is_down(
        BlockOperation operation)
    {
        _device.ExpectSize(1 << 20);
        long length = operation == BlockOperation.Flush ? 0 : Length;
        var bio = new Bio(this) { Operation = operation, Length = length };
        _device.Submit(bio);
        _loop.RunFor(Second);
        _ended.ShouldHaveSingleItem().ShouldBe(BlockStatus.Transport);
    }

    [Fact]
    public void A_server_without_flush_is_not_sent_one()
    {
        Serve(
            async server =>
            {
                NbdRequest only = await server.RequestAsync();
                only.Command.ShouldBe(NbdCommand.Read);
                await server.DataAsync(only.Cookie, 0, Bytes(Length, 9), done: true);
            },
            NbdTransmissionFlags.HasFlags);
        RunUntil(() => _device.State == PathState.Up);
        // As a clone of a map that has a cache on another path: it comes past Submit.
        var bio = new Bio(this) { Operation = BlockOperation.Flush };
        _device.Queue.Insert(bio);
        RunUntil(() => _ended.Count > 0);
        _ended.ShouldHaveSingleItem().ShouldBe(BlockStatus.Ok);
        _ended.Clear();
        Read().ShouldBe(BlockStatus.Ok);
        _device.Breaches.ShouldBe(0);
    }

    [Theory]
    [InlineData(1000, 512)]
    [InlineData(1024, 1024)]
    [InlineData(511, 0)]
    public void Of_a_read_that_fails_whole_sectors_are_good(int came, int good)
    {
        Data.Fill(0xee);
        Serve(async server =>
        {
            NbdRequest read = await server.RequestAsync();
            await server.DataAsync(read.Cookie, 0, Bytes(came, 9), done: false);
            await server.ErrorAsync(read.Cookie, NbdError.Io, done: true);
        });
        RunUntil(() => _device.State == PathState.Up);
        Submit(BlockOperation.Read, BioFlags.None);
        _loop.RunUntil(() => _device.Queue.Tags.InUse > 0, Second).ShouldBeTrue();
        var owner = new DoneRecorder();
        Enumerable.Range(0, 8).Select(tag => _device.Queue.Tags[tag])
            .Single(request => request.State != RequestState.Free).CloneOwner = owner;
        RunUntil(() => owner.Done is not null);
        owner.Done.ShouldBe(good);
    }

    [Theory]
    [InlineData(NbdError.Io, BlockStatus.IoError)]
    [InlineData(NbdError.NoSpace, BlockStatus.NoSpace)]
    [InlineData(NbdError.Invalid, BlockStatus.Invalid)]
    [InlineData(NbdError.NotPermitted, BlockStatus.ReadOnly)]
    [InlineData((NbdError)4711, BlockStatus.IoError)]
    public void An_error_chunk_ends_the_read_with_its_status(NbdError error, BlockStatus status)
    {
        Serve(async server =>
        {
            NbdRequest read = await server.RequestAsync();
            await server.ErrorAsync(read.Cookie, error, done: true);
        });
        Read().ShouldBe(status);
        _device.State.ShouldBe(PathState.Up);
    }

    [Fact]
    public void A_server_that_shuts_down_is_left_when_it_has_answered_all()
    {
        ScriptedServer server = Serve(async server =>
        {
            NbdRequest first = await server.RequestAsync();
            NbdRequest second = await server.RequestAsync();
            await server.ErrorAsync(second.Cookie, NbdError.Shutdown, done: true);
            await server.DataAsync(first.Cookie, 0, Bytes(Length, 1), done: true);
            // Throws when the client has gone, as it must.
            await server.RequestAsync();
        });
        RunUntil(() => _device.State == PathState.Up);
        Submit(BlockOperation.Read, BioFlags.None);
        Submit(BlockOperation.Read, BioFlags.None);
        RunUntil(() => server.Sessions == 2);
        _ended.ShouldBe([BlockStatus.Offline, BlockStatus.Ok]);
    }

    [Fact]
    public void A_server_that_never_serves_is_asked_less_and_less_often()
    {
        ScriptedServer server = Serve(_ =>
        {
            _network.Reset(Server);
            return Task.CompletedTask;
        });
        _loop.RunFor(30 * Second);
        // 100 ms, 200 ms, ... 5 s, 5 s: not one every 100 ms.
        server.Sessions.ShouldBeInRange(8, 16);
    }

    [Fact]
    public void An_error_stays_though_data_and_the_end_follow()
    {
        Serve(async server =>
        {
            NbdRequest read = await server.RequestAsync();
            await server.ErrorAsync(read.Cookie, NbdError.NoSpace, done: false);
            await server.DataAsync(read.Cookie, 0, Bytes(Length, 1), done: true);
        });
        Read().ShouldBe(BlockStatus.NoSpace);
    }

    [Fact]
    public void A_simple_reply_ends_a_write()
    {
        Serve(async server =>
        {
            NbdRequest write = await server.RequestAsync();
            write.Flags.ShouldBe(NbdCommandFlags.Fua);
            (await server.ReadAsync(Length)).ShouldAllBe(b => b == 5);
            await server.ReplyAsync(write.Cookie, NbdError.None);
        });
        Data.Fill(5);
        Do(BlockOperation.Write, BioFlags.Fua).ShouldBe(BlockStatus.Ok);
    }

    [Fact]
    public void A_server_without_structured_replies_answers_reads_simply()
    {
        var server = new ScriptedServer(_loop, _network, Server, 1 << 20, async server =>
        {
            NbdRequest read = await server.RequestAsync();
            await server.ReplyAsync(read.Cookie, NbdError.None);
            await server.SendAsync(Bytes(Length, 7));
        })
        { StructuredReplies = false };
        _device.Start();
        Read().ShouldBe(BlockStatus.Ok);
        Data.IndexOfAnyExcept((byte)7).ShouldBe(-1);
        server.Sessions.ShouldBe(1);
    }

    public static TheoryData<string> Lies =>
    [
        "unknown cookie", "stale cookie", "wrong magic", "simple reply to a read",
        "data before the range", "data behind the range", "data twice", "overlapping hole",
        "done too early", "empty data chunk", "block status for a read", "huge error chunk",
        "reply to what was never sent", "hole of the wrong size", "empty hole",
    ];

    [Theory]
    [MemberData(nameof(Lies))]
    public void A_server_that_lies_is_left_and_its_request_comes_back(string lie)
    {
        ScriptedServer server = Serve(async server =>
        {
            NbdRequest read = await server.RequestAsync();
            await LieAsync(server, lie, read.Cookie);
            await server.ReadAsync(1);
        });
        Read().ShouldBe(BlockStatus.Transport);
        _device.Breaches.ShouldBe(1);
        // It is asked again later: a lie may have been an accident.
        RunUntil(() => server.Sessions > 1);
    }

    [Fact]
    public void A_short_payload_and_then_silence_is_a_timeout()
    {
        Serve(async server =>
        {
            NbdRequest read = await server.RequestAsync();
            byte[] header = new byte[NbdProtocol.ChunkHeaderSize + NbdProtocol.ChunkOffsetSize];
            new NbdChunk(NbdChunkFlags.Done, NbdChunkType.OffsetData, read.Cookie, Length + 8)
                .Write(header);
            await server.SendAsync(header);
            await server.SendAsync(Bytes(100, 1));
            await server.ReadAsync(1);
        });
        long start = _loop.NowNs;
        Read().ShouldBe(BlockStatus.Timeout);
        (_loop.NowNs - start).ShouldBeInRange(Second, Second + (Second / 100));
    }

    [Fact]
    public void A_server_that_never_shakes_hands_is_given_up_and_asked_again()
    {
        using Listener silent = _network.Listen(Server);
        _device.Start();
        RunUntil(() => _device.Problem.Contains("no connection within", StringComparison.Ordinal));
        _device.State.ShouldBe(PathState.Down);
    }

    [Fact]
    public void A_volume_that_comes_back_with_another_size_stays_refused()
    {
        long size = 1 << 20;
        using var first = new SimulatedServerOfSize(_loop, _network, Server, () => size);
        _device.Start();
        RunUntil(() => _device.State == PathState.Up);
        size = 2 << 20;
        first.Restart();
        RunUntil(() => _device.State == PathState.Refused);
        _device.Problem.ShouldBe("its size is 2097152 bytes, not 1048576");
        size = 1 << 20;
        first.Restart();
        RunUntil(() => _device.State == PathState.Up);
    }

    private static byte[] Bytes(int count, byte value)
    {
        byte[] bytes = new byte[count];
        Array.Fill(bytes, value);
        return bytes;
    }

    private static async Task LieAsync(ScriptedServer server, string lie, ulong cookie)
    {
        switch (lie)
        {
            case "unknown cookie":
                await server.ChunkAsync(0x77, NbdChunkType.None, done: true);
                break;
            case "stale cookie":
                await server.ChunkAsync(cookie - (1UL << 32), NbdChunkType.None, done: true);
                break;
            case "wrong magic":
                await server.SendAsync(Bytes(64, 0x55));
                break;
            case "simple reply to a read":
                await server.ReplyAsync(cookie, NbdError.None);
                break;
            case "data before the range":
                await server.DataAsync(cookie, ulong.MaxValue - 7, Bytes(16, 1), done: true);
                break;
            case "data behind the range":
                await server.DataAsync(cookie, Length - 8, Bytes(16, 1), done: true);
                break;
            case "data twice":
                await server.DataAsync(cookie, 0, Bytes(Length, 1), done: false);
                await server.DataAsync(cookie, 0, Bytes(Length, 1), done: true);
                break;
            case "overlapping hole":
                await server.DataAsync(cookie, 2048, Bytes(2048, 1), done: false);
                await server.HoleAsync(cookie, 0, 2049, done: true);
                break;
            case "done too early":
                await server.DataAsync(cookie, 0, Bytes(Length - 1, 1), done: true);
                break;
            case "empty data chunk":
                await server.DataAsync(cookie, 0, [], done: true);
                break;
            case "block status for a read":
                await server.ChunkAsync(cookie, NbdChunkType.BlockStatus, true, new byte[12]);
                break;
            case "huge error chunk":
                byte[] header = new byte[NbdProtocol.ChunkHeaderSize];
                new NbdChunk(NbdChunkFlags.Done, NbdChunkType.Error, cookie, 0x7fffffff)
                    .Write(header);
                await server.SendAsync(header);
                break;
            case "reply to what was never sent":
                await server.ChunkAsync(cookie + 1, NbdChunkType.None, done: true);
                break;
            case "hole of the wrong size":
                await server.ChunkAsync(cookie, NbdChunkType.OffsetHole, true, new byte[13]);
                break;
            case "empty hole":
                await server.HoleAsync(cookie, 0, 0, done: false);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(lie));
        }
    }

    /// <summary>Hears how much of a request was done before it failed.</summary>
    private sealed class DoneRecorder : ICloneOwner
    {
        public long? Done { get; private set; }

        public void EndClone(Request clone, BlockStatus status, long done)
        {
            Done = done;
            clone.Queue.Free(clone);
        }
    }

    private ScriptedServer Serve(
        Func<ScriptedServer, Task> script,
        NbdTransmissionFlags flags = NbdTransmissionFlags.HasFlags
            | NbdTransmissionFlags.SendFlush | NbdTransmissionFlags.SendFua)
    {
        var server = new ScriptedServer(_loop, _network, Server, 1 << 20, script)
        {
            Flags = flags,
        };
        _device.Start();
        return server;
    }

    private BlockStatus Read() => Do(BlockOperation.Read, BioFlags.None);

    private BlockStatus Do(BlockOperation operation, BioFlags flags)
    {
        RunUntil(() => _device.State == PathState.Up);
        Submit(operation, flags);
        RunUntil(() => _ended.Count > 0);
        return _ended.ShouldHaveSingleItem();
    }

    private void Submit(BlockOperation operation, BioFlags flags)
    {
        var bio = new Bio(this) { Operation = operation, Flags = flags, Length = Length };
        _data.AttachTo(bio);
        _device.Submit(bio);
    }

    private void RunUntil(Func<bool> condition) =>
        _loop.RunUntil(condition, 60 * Second).ShouldBeTrue();
}
