// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Io;

/// <summary>Streams over the machine's sockets: all that the handler may rely on.</summary>
public abstract class StreamTests(IoBackend backend) : IDisposable
{
    private const int ConnectionReset = 104;

    private readonly SocketBench _bench = new(backend);
    private readonly StreamProbe _near = new();
    private readonly StreamProbe _far = new();
    private readonly List<(long Turn, int Bytes)> _receives = [];

    public void Dispose()
    {
        _bench.Dispose();
        _near.Dispose();
        _far.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_echo_of_many_megabytes_comes_back_whole(bool unix)
    {
        const int Length = 24 << 20;
        byte[] data = PinnedData.Random(Length);
        // Small enough, and large enough, to be full now and then: epoll's sends have left when the
        // next receive is prepared, the other's have not.
        using var echo = new EchoHandler(backend == IoBackend.Epoll ? 300_000 : 20_000);
        (Connection near, Connection far) = await _bench.PairAsync(unix);
        await _bench.AdoptAsync(near, _near);
        await _bench.OnLoopAsync(() => echo.Stream = _bench.Loop.Adopt(far, echo));
        var random = new LoopRandom(1);
        await _bench.OnLoopAsync(() => SendInPieces(_near.Stream, data, random));
        await _bench.UntilAsync(() => _near.Count == Length);
        _near.Bytes.AsSpan().SequenceEqual(data).ShouldBeTrue();
        _near.Stream.SentBytes.ShouldBe(Length);
        _near.Stream.QueuedBytes.ShouldBe(Length);
        echo.Pauses.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task More_vectors_than_one_call_takes_arrive_in_order(bool unix)
    {
        const int Pieces = 5000;
        byte[] data = PinnedData.Random(2 * Pieces);
        await ConnectAsync(unix);
        await _bench.OnLoopAsync(() =>
        {
            // Every other byte: no two pieces are neighbours in memory.
            for (int i = 0; i < Pieces; i++) _near.Stream.Send(data, 2 * i, 1);
        });
        await _bench.UntilAsync(() => _far.Count == Pieces);
        _far.Bytes.ShouldBe(data.Where((_, i) => i % 2 == 0));
    }

    [Fact]
    public async Task All_that_is_sent_in_a_turn_leaves_in_one_system_call()
    {
        byte[] data = PinnedData.Random(10_000);
        await ConnectAsync(unix: true);
        long calls = -1;
        await _bench.OnLoopAsync(() =>
        {
            for (int i = 0; i < 100; i++) _near.Stream.Send(data, i * 100, 99);
            long before = _bench.Loop.Statistics.SystemCalls;
            _bench.Loop.Schedule(
                new ActionTask(() => calls = _bench.Loop.Statistics.SystemCalls - before),
                TurnPhase.Send);
        });
        await _bench.UntilAsync(() => _far.Count == 9900);
        // The other backend sends with the call that ends the turn.
        calls.ShouldBe(backend == IoBackend.Epoll ? 1 : 0);
    }

    [Fact]
    public async Task A_paused_stream_receives_nothing_until_it_is_resumed()
    {
        byte[] data = PinnedData.Random(1000);
        _far.Room = 0;
        await ConnectAsync(unix: false);
        await _bench.OnLoopAsync(() => _near.Stream.Send(data, 0, data.Length));
        await _bench.UntilAsync(() => _far.Pauses > 0);
        for (int i = 0; i < 50; i++) await _bench.OnLoopAsync(static () => { });
        _far.Pauses.ShouldBe(1);
        _far.Count.ShouldBe(0);
        await _bench.OnLoopAsync(() =>
        {
            _far.Room = 100;
            _far.Stream.ResumeReceive();
        });
        await _bench.UntilAsync(() => _far.Count == 1000);
        _far.Bytes.ShouldBe(data);
        await ShouldSleepAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    public async Task Who_expects_more_receives_it_in_the_same_turn(int receives)
    {
        // Fits into the socket: all is there before the first receive.
        byte[] data = PinnedData.Random(96 * 1024);
        (Connection near, Connection far) = await _bench.PairAsync(unix: true);
        await near.WriteAsync(data, CancellationToken.None);
        _far.ReceivesPerTurn = receives;
        _far.Room = 8 * 1024;
        await ReceiveAsync(far, data.Length);
        int most = _receives.GroupBy(receive => receive.Turn).Max(turn => turn.Count());
        most.ShouldBe(receives);
        _far.Bytes.ShouldBe(data);
        near.Dispose();
    }

    [Fact]
    public async Task Who_expects_more_gets_no_more_than_a_bound_in_one_turn()
    {
        const int Bound = 256 * 1024;
        byte[] data = PinnedData.Random(16 << 20);
        (Connection near, Connection far) = await _bench.PairAsync(unix: true);
        _far.ReceivesPerTurn = 8;
        Task writing = near.WriteAsync(data, CancellationToken.None).AsTask();
        await ReceiveAsync(far, data.Length);
        await writing;
        int most = _receives.GroupBy(receive => receive.Turn)
            .Max(turn => turn.Sum(receive => receive.Bytes));
        // The last one may pass it, and the other backend's first is not counted.
        most.ShouldBeLessThan(Bound + (2 * _far.Room));
        _far.Bytes.AsSpan().SequenceEqual(data).ShouldBeTrue();
        near.Dispose();
    }

    [Theory]
    [InlineData("pause")]
    [InlineData("close")]
    public async Task Who_expects_more_may_pause_or_close_in_the_middle(string how)
    {
        byte[] data = PinnedData.Random(64 * 1024);
        (Connection near, Connection far) = await _bench.PairAsync(unix: true);
        await near.WriteAsync(data, CancellationToken.None);
        _far.ReceivesPerTurn = 8;
        _far.Room = 1000;
        _far.Received = _ =>
        {
            if (_far.Count != 3000) return;
            if (how == "pause") _far.Room = 0;
            else _far.Stream.Close("enough");
        };
        await _bench.AdoptAsync(far, _far);
        await _bench.UntilAsync(() => how == "pause" ? _far.Pauses > 0 : _far.Ends.Count > 0);
        for (int i = 0; i < 50; i++) await _bench.OnLoopAsync(static () => { });
        _far.Count.ShouldBe(3000);
        if (how == "pause")
        {
            await _bench.OnLoopAsync(() =>
            {
                _far.Room = 1000;
                _far.Stream.ResumeReceive();
            });
            await _bench.UntilAsync(() => _far.Count == data.Length);
            _far.Bytes.ShouldBe(data);
            await ShouldSleepAsync();
        }
        else
        {
            _far.Ends.ShouldBe([new StreamEnd(0, "enough")]);
        }
        near.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stream_that_is_closed_tells_both_sides_once(bool unix)
    {
        await ConnectAsync(unix);
        await _bench.OnLoopAsync(() =>
        {
            _near.Stream.Close("enough");
            _near.Stream.Close("again");
            _near.Stream.IsOpen.ShouldBeFalse();
            _near.Ends.ShouldBeEmpty();
        });
        await _bench.UntilAsync(() => _near.Ends.Count + _far.Ends.Count >= 2);
        await _bench.OnLoopAsync(() => _far.Stream.Close("too late"));
        await _bench.OnLoopAsync(static () => { });
        _near.Ends.ShouldBe([new StreamEnd(0, "enough")]);
        _far.Ends.ShouldBe([new StreamEnd(0, "closed by the peer")]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_peer_that_closes_without_reading_resets_the_stream(bool unix)
    {
        byte[] data = PinnedData.Random(1000);
        _far.Room = 0;
        await ConnectAsync(unix);
        await _bench.OnLoopAsync(() => _near.Stream.Send(data, 0, data.Length));
        await _bench.UntilAsync(() => _far.Pauses > 0);
        await _bench.OnLoopAsync(() => _far.Stream.Close("enough"));
        await _bench.UntilAsync(() => _near.Ends.Count > 0);
        _near.Ends.Single().Errno.ShouldBe(ConnectionReset);
        _near.Ends.Single().Text.ShouldBe("receive: Connection reset by peer");
    }

    [Fact]
    public async Task What_came_before_the_end_is_received()
    {
        byte[] data = PinnedData.Random(200_000);
        _far.Room = 1000;
        await ConnectAsync(unix: true);
        await _bench.OnLoopAsync(() =>
        {
            _near.Sent = () =>
            {
                if (_near.Stream.SentBytes == data.Length) _near.Stream.Close("done");
            };
            _near.Stream.Send(data, 0, data.Length);
        });
        await _bench.UntilAsync(() => _far.Ends.Count > 0);
        _far.Bytes.ShouldBe(data);
    }

    [Fact]
    public async Task A_paused_stream_hears_that_its_peer_is_gone()
    {
        _far.Room = 0;
        await ConnectAsync(unix: true);
        await _bench.OnLoopAsync(() => _near.Stream.Close("enough"));
        await _bench.UntilAsync(() => _far.Ends.Count > 0);
        _far.Ends.Single().Text.ShouldBe("closed by the peer");
    }

    [Theory]
    [InlineData("prepare")]
    [InlineData("received")]
    [InlineData("sent")]
    public async Task A_handler_may_close_its_stream_from_any_call(string where)
    {
        byte[] data = PinnedData.Random(1000);
        Action close = () => _far.Stream.Close(where);
        if (where == "prepare") _far.Preparing = close;
        await ConnectAsync(unix: true);
        await _bench.OnLoopAsync(() =>
        {
            if (where == "received") _far.Received = _ => close();
            else if (where == "sent") _far.Sent = close;
            _far.Stream.Send(data, 0, 10);
            _near.Stream.Send(data, 0, 10);
        });
        await _bench.UntilAsync(() => _far.Ends.Count > 0);
        await _bench.OnLoopAsync(static () => { });
        _far.Ends.ShouldBe([new StreamEnd(0, where)]);
        if (where == "prepare") _far.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Nothing_is_sent_after_the_end_and_nothing_breaks()
    {
        byte[] data = PinnedData.Random(100);
        await ConnectAsync(unix: true);
        await _bench.OnLoopAsync(() =>
        {
            _near.OnEnd = () =>
            {
                _near.Stream.Send(data, 0, 10);
                _near.Stream.ResumeReceive();
                _near.Stream.Close("again");
            };
            _near.Stream.Send(data, 0, 10);
            _near.Stream.Close("enough");
            _near.Stream.Send(data, 0, 10);
        });
        await _bench.UntilAsync(() => _far.Ends.Count > 0);
        await _bench.OnLoopAsync(static () => { });
        _near.Ends.Count.ShouldBe(1);
        _near.Stream.SentBytes.ShouldBe(0);
        _near.Stream.QueuedBytes.ShouldBe(0);
        _far.Count.ShouldBe(0);
    }

    [Fact]
    public async Task A_send_that_does_not_fit_goes_on_when_there_is_room()
    {
        byte[] data = PinnedData.Random(8 << 20);
        _far.Room = 0;
        await ConnectAsync(unix: false);
        await _bench.OnLoopAsync(() => _near.Stream.Send(data, 0, data.Length));
        await _bench.UntilAsync(() => _near.Stream.SentBytes > 0);
        _near.Stream.SentBytes.ShouldBeLessThan(data.Length);
        _near.Stream.QueuedBytes.ShouldBe(data.Length);
        await _bench.OnLoopAsync(() =>
        {
            _far.Room = 64 * 1024;
            _far.Stream.ResumeReceive();
        });
        await _bench.UntilAsync(() => _far.Count == data.Length);
        _far.Bytes.AsSpan().SequenceEqual(data).ShouldBeTrue();
        await ShouldSleepAsync();
    }

    [Fact]
    public async Task What_was_to_be_received_into_is_left_alone_when_the_unsent_is_dropped()
    {
        const int Length = 1000;
        const int Other = 32 * 1024;
        byte[] data = PinnedData.Random(Length);
        _near.Room = Length;
        await ConnectAsync(unix: true);
        await _bench.OnLoopAsync(static () => { });
        await _bench.OnLoopAsync(() =>
        {
            _near.Stream.DropUnsent();
            _near.Place = Other;
            _far.Stream.Send(data, 0, Length);
        });
        await _bench.UntilAsync(() => _near.Count == Length);
        _near.Bytes.ShouldBe(data);
        _near.Memory(0, Length).ShouldAllBe(octet => octet == 0);
        _near.Memory(Other, Length).ShouldBe(data);
    }

    [Fact]
    public async Task What_has_come_when_the_unsent_is_dropped_is_received_once()
    {
        byte[] data = PinnedData.Random(1000);
        (Connection near, Connection far) = await _bench.PairAsync(unix: true);
        await _bench.AdoptAsync(near, _near);
        for (int sent = 0; sent < data.Length; sent += 100)
        {
            ReadOnlyMemory<byte> part = data.AsMemory(sent, 100);
            await _bench.OnLoopAsync(() =>
            {
                // Nobody looks at the socket between the two.
                Task written = far.WriteAsync(part, CancellationToken.None).AsTask();
                written.IsCompletedSuccessfully.ShouldBeTrue();
                _near.Stream.DropUnsent();
                _near.Stream.IsOpen.ShouldBeTrue();
            });
        }
        await _bench.UntilAsync(() => _near.Count == data.Length);
        _near.Bytes.ShouldBe(data);
        far.Dispose();
    }

    [Theory]
    [InlineData(true, "drop")]
    [InlineData(false, "drop")]
    [InlineData(true, "close")]
    [InlineData(false, "close")]
    public async Task What_the_peer_can_have_got_is_counted_when_a_send_is_cut_off(
        bool unix, string how)
    {
        byte[] data = PinnedData.Random(16 << 20);
        (Connection near, Connection far) = await _bench.PairAsync(unix);
        await _bench.AdoptAsync(near, _near);
        await _bench.OnLoopAsync(() => _near.Stream.Send(data, 0, data.Length));
        await _bench.UntilAsync(() => _near.Stream.SentBytes > 0);
        byte[] got = new byte[data.Length];
        int count = await far.ReadAsync(got, CancellationToken.None);
        await _bench.OnLoopAsync(() =>
        {
            if (how == "drop") _near.Stream.DropUnsent();
            _near.Stream.Close("cut off");
        });
        await _bench.UntilAsync(() => _near.Ends.Count > 0);
        int part;
        do
        {
            part = await far.ReadAsync(got.AsMemory(count), CancellationToken.None);
            count += part;
        }
        while (part > 0);
        count.ShouldBeInRange(1, data.Length - 1);
        ((long)count).ShouldBe(_near.Stream.SentBytes);
        got.AsSpan(0, count).SequenceEqual(data.AsSpan(0, count)).ShouldBeTrue();
        far.Dispose();
    }

    [Fact]
    public async Task A_turn_costs_the_system_calls_of_its_backend_and_no_memory()
    {
        const int Rounds = 2000;
        (Connection near, Connection far) = await _bench.PairAsync(unix: true);
        using var ping = new PingPong(Rounds) { Loop = _bench.Loop };
        using var pong = new PingPong(int.MaxValue) { Loop = _bench.Loop };
        await _bench.OnLoopAsync(() =>
        {
            ping.Stream = _bench.Loop.Adopt(near, ping);
            pong.Stream = _bench.Loop.Adopt(far, pong);
        });
        long calls = 0;
        long allocated = 0;
        await _bench.OnLoopAsync(() =>
        {
            calls = _bench.Loop.Statistics.SystemCalls;
            allocated = GC.GetAllocatedBytesForCurrentThread();
            ping.Serve();
        });
        await _bench.UntilAsync(() => ping.IsOver);
        // One receives and sends: a wait, a receive and a send, or all three in one.
        int each = backend == IoBackend.Epoll ? 3 : 1;
        (ping.SystemCalls - calls).ShouldBeInRange(2 * Rounds, (2 * each * Rounds) + 50);
        // Asking whether it is over allocates.
        (ping.AllocatedBytes - allocated).ShouldBeLessThan(100_000);
    }

    [Fact]
    public async Task Many_streams_of_one_loop_open_and_close_again_and_again()
    {
        // Descriptors and slots of the loop's table are used again; each stream hears its own end.
        for (int round = 0; round < 30; round++)
        {
            var probes = new List<StreamProbe>();
            for (int i = 0; i < 4; i++)
            {
                (Connection near, Connection far) = await _bench.PairAsync(unix: true);
                var probe = new StreamProbe();
                probes.Add(probe);
                await _bench.AdoptAsync(near, probe);
                far.Dispose();
            }
            await _bench.UntilAsync(() => probes.TrueForAll(probe => probe.Ends.Count == 1));
            foreach (StreamProbe probe in probes) probe.Dispose();
        }
    }

    private static void SendInPieces(StreamSocket stream, byte[] data, LoopRandom random)
    {
        int at = 0;
        while (at < data.Length)
        {
            int length = (int)Math.Min(data.Length - at, 1 + random.Next(200_000));
            stream.Send(data, at, length);
            at += length;
        }
    }

    /// <summary>Receives so much, and notes which turn has brought what.</summary>
    private async Task ReceiveAsync(Connection far, int length)
    {
        _far.Received = bytes => _receives.Add((_bench.Loop.Statistics.Turns, bytes));
        await _bench.AdoptAsync(far, _far);
        await _bench.UntilAsync(() => _far.Count == length);
    }

    /// <summary>Nothing keeps the loop awake: it makes the turns that it is asked for.</summary>
    private async Task ShouldSleepAsync()
    {
        await _bench.OnLoopAsync(static () => { });
        long turns = _bench.Loop.Statistics.Turns;
        for (int i = 0; i < 20; i++) await _bench.OnLoopAsync(static () => { });
        (_bench.Loop.Statistics.Turns - turns).ShouldBeLessThan(60);
    }

    private async Task ConnectAsync(bool unix)
    {
        (Connection near, Connection far) = await _bench.PairAsync(unix);
        await _bench.AdoptAsync(near, _near);
        await _bench.AdoptAsync(far, _far);
    }
}

public sealed class EpollStreamTests() : StreamTests(IoBackend.Epoll);

public sealed class UringStreamTests() : StreamTests(IoBackend.IoUring);
