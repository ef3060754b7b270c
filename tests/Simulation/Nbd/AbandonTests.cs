// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Transports.Nbd;
using Braid.Wire.Nbd;

namespace Braid.Tests.Simulation;

/// <summary>
/// A read that its origin ended without: from that moment on an NBD path writes nothing more to
/// where it was to go, and understands what comes after.
/// </summary>
public sealed class AbandonTests : IBioOwner, ICloneOwner, IDisposable
{
    private const long Second = 1_000_000_000;
    private const long Ms = 1_000_000;
    private const int Length = 4096;
    private const int Half = Length / 2;

    /// <summary>What the client has in its memory when the read has ended.</summary>
    private const byte Newer = 0x77;

    private static readonly Endpoint Server = Endpoint.Unix("/sim/scripted");

    private readonly SimulatedLoop _loop = new(1);
    private readonly SimulatedNetwork _network;
    private readonly NbdDevice _device;
    private readonly TestBuffer _memory = new(Length);
    private readonly TestBuffer _sink = new(Length);
    private readonly Bio _bio;
    private readonly Bio _sinkBio;
    private readonly List<BlockStatus> _ended = [];

    /// <summary>How far the server has got with its script.</summary>
    private int _step;

    public AbandonTests()
    {
        _network = new SimulatedNetwork(_loop);
        var settings = new NbdSettings { IoTimeoutNs = Second, ConnectTimeoutNs = Second };
        _device = new NbdDevice(
            _loop, _network, "p", NbdUri.Parse("nbd+unix:///x?socket=/sim/scripted"),
            new QueueOptions { Depth = 8 }, settings);
        _bio = new Bio(this) { Operation = BlockOperation.Read, Offset = Length, Length = Length };
        _sinkBio = new Bio(this)
        {
            Operation = BlockOperation.Read, Offset = Length, Length = Length,
        };
        _memory.AttachTo(_bio);
        _sink.AttachTo(_sinkBio);
    }

    /// <summary>Sent as a clone: no bio ends.</summary>
    void IBioOwner.EndBio(Bio bio) => throw new InvalidOperationException("a bio has ended");

    void ICloneOwner.EndClone(Request clone, BlockStatus status, long done)
    {
        _ended.Add(status);
        clone.Queue.Free(clone);
    }

    public void Dispose()
    {
        _memory.Dispose();
        _sink.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_reply_that_has_not_begun_goes_elsewhere(bool isStructured)
    {
        Serve(isStructured, async (server, read) =>
        {
            await NextAsync();
            await AnswerAsync(server, read, isStructured);
        });
        Request clone = Send();
        Abandon(clone);
        Finish();
        _memory.Bytes.IndexOfAnyExcept(Newer).ShouldBe(-1);
        _sink.Bytes.ToArray().ShouldBe(Answer());
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    [InlineData(false, 700)]
    public void The_rest_of_a_payload_under_way_goes_elsewhere(bool isStructured, int tearsAt)
    {
        _network.Link(Server).TearsAtBytes = tearsAt;
        Serve(isStructured, async (server, read) =>
        {
            await BeginAsync(server, read, isStructured);
            await server.SendAsync(Answer()[..Half]);
            await NextAsync();
            await server.SendAsync(Answer()[Half..]);
        });
        Request clone = Send();
        RunUntil(() => _step == 1);
        _loop.RunFor(Ms);
        _memory.Bytes[..Half].ToArray().ShouldBe(Answer()[..Half]);
        Abandon(clone);
        Finish();
        _memory.Bytes.IndexOfAnyExcept(Newer).ShouldBe(-1);
        _sink.Bytes[Half..].ToArray().ShouldBe(Answer()[Half..]);
    }

    [Fact]
    public void Holes_and_chunks_that_follow_go_elsewhere()
    {
        Serve(true, async (server, read) =>
        {
            await server.DataAsync(read.Cookie, Length + Half, Answer()[Half..], done: false);
            await NextAsync();
            await server.HoleAsync(read.Cookie, Length, 1024, done: false);
            await server.DataAsync(read.Cookie, Length + 1024, Answer()[1024..Half], done: true);
        });
        Request clone = Send();
        RunUntil(() => _step == 1);
        _loop.RunFor(Ms);
        _sink.Bytes.Fill(0xee);
        Abandon(clone);
        Finish();
        _memory.Bytes.IndexOfAnyExcept(Newer).ShouldBe(-1);
        _sink.Bytes[..1024].IndexOfAnyExcept((byte)0).ShouldBe(-1);
        _sink.Bytes[1024..Half].ToArray().ShouldBe(Answer()[1024..Half]);
    }

    [Fact]
    public void An_abandoned_read_still_costs_a_path_that_never_answers()
    {
        Serve(true, async (_, _) => await NextAsync());
        Abandon(Send(), goesOn: false);
        RunUntil(() => _ended.Count > 0);
        _ended.ShouldBe([BlockStatus.Timeout]);
        _memory.Bytes.IndexOfAnyExcept(Newer).ShouldBe(-1);
        _device.Queue.Tags.InUse.ShouldBe(0);
    }

    [Fact]
    public void A_connection_that_ends_in_the_middle_gives_an_abandoned_read_back()
    {
        Serve(true, async (server, read) =>
        {
            await BeginAsync(server, read, isStructured: true);
            await server.SendAsync(Answer()[..Half]);
            await NextAsync();
            _network.Reset(Server);
        });
        Request clone = Send();
        RunUntil(() => _step == 1);
        _loop.RunFor(Ms);
        Abandon(clone);
        RunUntil(() => _ended.Count > 0);
        _ended.ShouldBe([BlockStatus.Transport]);
        _memory.Bytes.IndexOfAnyExcept(Newer).ShouldBe(-1);
        _device.Queue.Tags.InUse.ShouldBe(0);
    }

    private static byte[] Answer() => [.. Enumerable.Range(0, Length).Select(i => (byte)(i / 16))];

    private static async Task BeginAsync(
        ScriptedServer server, NbdRequest read, bool isStructured)
    {
        if (!isStructured)
        {
            await server.ReplyAsync(read.Cookie, NbdError.None);
            return;
        }
        byte[] header = new byte[NbdProtocol.ChunkHeaderSize + NbdProtocol.ChunkOffsetSize];
        new NbdChunk(
            NbdChunkFlags.Done, NbdChunkType.OffsetData, read.Cookie,
            Length + NbdProtocol.ChunkOffsetSize).Write(header);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(
            header.AsSpan(NbdProtocol.ChunkHeaderSize), read.Offset);
        await server.SendAsync(header);
    }

    private static async Task AnswerAsync(
        ScriptedServer server, NbdRequest read, bool isStructured)
    {
        await BeginAsync(server, read, isStructured);
        await server.SendAsync(Answer());
    }

    /// <summary>The first read is answered as the script says, a second one simply.</summary>
    private void Serve(bool isStructured, Func<ScriptedServer, NbdRequest, Task> script)
    {
        _ = new ScriptedServer(_loop, _network, Server, 1 << 20, async server =>
        {
            await script(server, await server.RequestAsync());
            NbdRequest second = await server.RequestAsync();
            await AnswerAsync(server, second, isStructured);
            await server.ReadAsync(1);
        })
        { StructuredReplies = isStructured };
        _device.Start();
        RunUntil(() => _device.State == PathState.Up);
    }

    private Request Send()
    {
        Request clone = _device.Queue.TryAllocateClone(_bio, this)!;
        _device.Queue.InsertClone(clone).ShouldBe(BlockStatus.Ok);
        return clone;
    }

    /// <summary>The origin ends: its memory is the client's, and the server goes on.</summary>
    private void Abandon(Request clone, bool goesOn = true)
    {
        _device.Queue.Abandon(clone, _sinkBio, this);
        _memory.Bytes.Fill(Newer);
        RunUntil(() => _step == 1);
        if (goesOn) _step = 2;
    }

    /// <summary>The late reply comes, and then the path serves as ever.</summary>
    private void Finish()
    {
        RunUntil(() => _ended.Count == 1);
        _device.Breaches.ShouldBe(0);
        using var other = new TestBuffer(Length);
        var bio = new Bio(this) { Operation = BlockOperation.Read, Offset = 0, Length = Length };
        other.AttachTo(bio);
        Request clone = _device.Queue.TryAllocateClone(bio, this)!;
        _device.Queue.InsertClone(clone).ShouldBe(BlockStatus.Ok);
        RunUntil(() => _ended.Count == 2);
        _ended.ShouldBe([BlockStatus.Ok, BlockStatus.Ok]);
        other.Bytes.ToArray().ShouldBe(Answer());
    }

    /// <summary>The server waits until the test lets it go on.</summary>
    private async Task NextAsync()
    {
        _step = 1;
        var next = new TaskCompletionSource();
        Poll();
        await next.Task;

        void Poll()
        {
            if (_step == 2) next.SetResult();
            else _loop.CreateTimer(Poll).Arm(Ms);
        }
    }

    private void RunUntil(Func<bool> condition) =>
        _loop.RunUntil(condition, 60 * Second).ShouldBeTrue();
}
