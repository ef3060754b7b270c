// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Braid.Io;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Io;

/// <summary>The simulated network: what it does to bytes, and when.</summary>
public sealed class SimulatedNetworkTests : IDisposable
{
    private static readonly CancellationToken Never = CancellationToken.None;
    private static readonly Endpoint Server = Endpoint.Tcp("server", 1);

    private readonly SimulatedLoop _loop;
    private readonly SimulatedNetwork _network;
    private readonly StreamProbe _client = new();
    private readonly StreamProbe _server = new();

    public SimulatedNetworkTests()
    {
        _loop = new SimulatedLoop(1);
        _network = new SimulatedNetwork(_loop);
    }

    private SimulatedLink Link => _network.Link(Server);

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
    }

    [Fact]
    public void A_connection_takes_a_round_trip()
    {
        Link.LatencyNs = 1000;
        using Listener listener = _network.Listen(Server);
        Task<Connection> near = Connect();
        _loop.RunFor(1999);
        near.IsCompleted.ShouldBeFalse();
        _loop.RunFor(1);
        near.IsCompletedSuccessfully.ShouldBeTrue();
        near.Result.Peer.ShouldBe("server:1");
    }

    [Fact]
    public void Nobody_there_or_refusing_is_an_IOException()
    {
        Failure(Connect()).ShouldBeOfType<IOException>().Message.ShouldContain("refused");
        Listener listener = _network.Listen(Server);
        Should.Throw<IOException>(() => _network.Listen(Server)).Message.ShouldContain("in use");
        Link.IsRefusing = true;
        Failure(Connect()).ShouldBeOfType<IOException>();
        Link.IsRefusing = false;
        Connect().IsFaulted.ShouldBeFalse();
        listener.Dispose();
        Failure(Connect()).ShouldBeOfType<IOException>();
    }

    [Fact]
    public void Connecting_and_accepting_can_be_cancelled()
    {
        using var cancel = new CancellationTokenSource();
        using Listener listener = _network.Listen(Server);
        Task<Connection> near = _network.ConnectAsync(Server, cancel.Token).AsTask();
        Task<Connection> far = listener.AcceptAsync(cancel.Token).AsTask();
        cancel.Cancel();
        _loop.RunFor(Loops.Ms);
        near.IsCanceled.ShouldBeTrue();
        far.IsCanceled.ShouldBeTrue();
    }

    [Fact]
    public void A_handshake_reads_what_was_written_and_can_be_cancelled()
    {
        (Connection near, Connection far) = Pair();
        byte[] buffer = new byte[5];
        Task reading = far.ReadExactlyAsync(buffer, Never).AsTask();
        Run(near.WriteAsync("hel"u8.ToArray(), Never).AsTask());
        _loop.RunFor(Loops.Ms);
        reading.IsCompleted.ShouldBeFalse();
        Run(near.WriteAsync("lo!"u8.ToArray(), Never).AsTask());
        _loop.RunFor(Loops.Ms);
        reading.IsCompletedSuccessfully.ShouldBeTrue();
        Encoding.ASCII.GetString(buffer).ShouldBe("hello");
        using var cancel = new CancellationTokenSource();
        Task cancelled = far.ReadExactlyAsync(buffer, cancel.Token).AsTask();
        cancel.Cancel();
        _loop.RunFor(Loops.Ms);
        cancelled.IsCanceled.ShouldBeTrue();
    }

    [Fact]
    public void A_handshake_ends_when_its_peer_does_or_the_connection_is_reset()
    {
        (Connection near, Connection far) = Pair();
        Task reading = far.ReadExactlyAsync(new byte[5], Never).AsTask();
        near.Dispose();
        Failure(reading).ShouldBeOfType<EndOfStreamException>();
        (near, far) = Pair();
        reading = near.ReadExactlyAsync(new byte[5], Never).AsTask();
        _network.Reset(Server);
        Failure(reading).ShouldBeAssignableTo<IOException>();
        far.Dispose();
    }

    [Fact]
    public void Bytes_arrive_after_the_latency()
    {
        Link.LatencyNs = 5000;
        Adopt();
        Send("ping");
        _loop.RunFor(4999);
        _server.Count.ShouldBe(0);
        _loop.RunFor(1);
        _server.Count.ShouldBe(4);
    }

    [Fact]
    public void Jitter_makes_bytes_later_but_keeps_their_order()
    {
        Link.LatencyNs = 1000;
        Link.JitterNs = 100_000;
        Adopt();
        var arrivals = new List<long>();
        _server.Received = _ => arrivals.Add(_loop.NowNs);
        string all = "";
        for (int i = 0; i < 50; i++)
        {
            Send($"{i} ");
            all += $"{i} ";
            _loop.RunFor(1000);
        }
        _loop.RunFor(200_000);
        Encoding.ASCII.GetString(_server.Bytes).ShouldBe(all);
        arrivals.Distinct().Count().ShouldBeGreaterThan(5);
    }

    [Fact]
    public void Torn_deliveries_are_small_and_whole_in_sum()
    {
        Link.TearsAtBytes = 7;
        Adopt();
        var sizes = new List<int>();
        _server.Received = sizes.Add;
        byte[] data = PinnedData.Random(1000);
        _client.Stream.Send(data, 0, data.Length);
        _loop.RunFor(Loops.Ms);
        _server.Bytes.ShouldBe(data);
        sizes.Max().ShouldBe(7);
        sizes.Min().ShouldBe(1);
    }

    [Fact]
    public void A_hung_link_delivers_nothing_and_tells_nobody()
    {
        Adopt();
        Send("before ");
        _loop.RunFor(Loops.Ms);
        Link.IsHung = true;
        Send("after");
        _client.Stream.Close("gone");
        _loop.RunFor(60_000 * Loops.Ms);
        Encoding.ASCII.GetString(_server.Bytes).ShouldBe("before ");
        _server.Ends.ShouldBeEmpty();
    }

    [Fact]
    public void A_link_that_goes_on_delivers_all_in_order_and_the_end()
    {
        Adopt();
        Link.IsHung = true;
        Send("one ");
        _loop.RunFor(Loops.Ms);
        Send("two ");
        _loop.RunFor(Loops.Ms);
        _client.Stream.Close("done");
        _loop.RunFor(Loops.Ms);
        _network.Unhang(Server);
        _loop.RunFor(Loops.Ms);
        Encoding.ASCII.GetString(_server.Bytes).ShouldBe("one two ");
        _server.Ends.ShouldBe([new StreamEnd(0, "closed by the peer")]);
    }

    [Fact]
    public void What_is_under_way_when_a_link_goes_on_stays_behind_what_was_held()
    {
        Link.LatencyNs = 1000;
        Adopt();
        Link.IsHung = true;
        Send("one ");
        _loop.RunFor(1500);
        Send("two ");
        _loop.RunFor(500);
        _network.Unhang(Server);
        _loop.RunFor(Loops.Ms);
        Encoding.ASCII.GetString(_server.Bytes).ShouldBe("one two ");
    }

    [Fact]
    public void A_reset_reaches_both_sides_at_once_and_loses_what_is_under_way()
    {
        Adopt();
        Send("lost");
        _network.Reset(Server);
        _loop.RunFor(Loops.Ms);
        _server.Count.ShouldBe(0);
        _client.Ends.ShouldBe([new StreamEnd(104, "receive: reset")]);
        _server.Ends.ShouldBe([new StreamEnd(104, "receive: reset")]);
    }

    [Fact]
    public void A_reset_reaches_a_hung_link_too()
    {
        Adopt();
        Link.IsHung = true;
        _network.Reset(Server);
        _loop.RunFor(Loops.Ms);
        _client.Ends.Count.ShouldBe(1);
        _server.Ends.Count.ShouldBe(1);
    }

    [Fact]
    public void A_reset_of_one_endpoint_leaves_others_alone()
    {
        Adopt();
        _network.Reset(Endpoint.Tcp("other", 1));
        Send("ping");
        _loop.RunFor(Loops.Ms);
        _server.Count.ShouldBe(4);
    }

    [Fact]
    public void A_stream_behaves_as_one_of_the_machine()
    {
        // Pausing, resuming, closing twice, sending on a closed stream: the same contract.
        _server.Room = 0;
        Adopt();
        Send("ping");
        _loop.RunFor(Loops.Ms);
        _server.Pauses.ShouldBe(1);
        _server.Count.ShouldBe(0);
        _server.Room = 2;
        _server.Stream.ResumeReceive();
        _loop.RunFor(Loops.Ms);
        _server.Count.ShouldBe(4);
        _client.Stream.SentBytes.ShouldBe(4);
        _server.Stream.Close("enough");
        _server.Stream.Close("again");
        _server.Ends.ShouldBeEmpty();
        Send("into the void");
        _loop.RunFor(Loops.Ms);
        _server.Ends.ShouldBe([new StreamEnd(0, "enough")]);
        _client.Ends.ShouldBe([new StreamEnd(0, "closed by the peer")]);
        Send("again");
        _client.Stream.QueuedBytes.ShouldBe(_client.Stream.SentBytes);
    }

    [Fact]
    public void A_handler_that_closes_before_receiving_receives_nothing()
    {
        _server.Preparing = () => _server.Stream.Close("no");
        Adopt();
        Send("ping");
        _loop.RunFor(Loops.Ms);
        _server.Count.ShouldBe(0);
        _server.Ends.ShouldBe([new StreamEnd(0, "no")]);
    }

    [Fact]
    public void The_same_seed_gives_the_same_trace_and_another_seed_another()
    {
        string first = Trace(7);
        Trace(7).ShouldBe(first);
        Trace(8).ShouldNotBe(first);
        first.Length.ShouldBeGreaterThan(1000);
    }

    /// <summary>Times and sizes of all that two echoing peers receive over a bad link.</summary>
    private static string Trace(ulong seed)
    {
        var trace = new StringBuilder();
        using var test = new SimulatedNetworkTests(new SimulatedLoop(seed));
        test.Link.JitterNs = 70_000;
        test.Link.TearsAtBytes = 33;
        test.Adopt();
        byte[] data = PinnedData.Random(100);
        int left = 40;
        test._server.Received = bytes =>
        {
            trace.Append($"{test._loop.NowNs} < {bytes}\n");
            test._server.Stream.Send(data, 0, bytes);
        };
        test._client.Received = bytes =>
        {
            trace.Append($"{test._loop.NowNs} > {bytes}\n");
            if (left-- > 0) test._client.Stream.Send(data, 0, 1 + (int)test._loop.Random.Next(99));
        };
        test._client.Stream.Send(data, 0, 100);
        test._loop.RunFor(1000 * Loops.Ms);
        return trace.ToString();
    }

    private SimulatedNetworkTests(SimulatedLoop loop)
    {
        _loop = loop;
        _network = new SimulatedNetwork(loop);
    }

    private Task<Connection> Connect() => _network.ConnectAsync(Server, Never).AsTask();

    private (Connection Near, Connection Far) Pair()
    {
        using Listener listener = _network.Listen(Server);
        Task<Connection> far = listener.AcceptAsync(Never).AsTask();
        Task<Connection> near = Connect();
        _loop.Await(() => near.IsCompleted && far.IsCompleted);
        return (near.Result, far.Result);
    }

    private void Adopt()
    {
        (Connection near, Connection far) = Pair();
        _client.Stream = _loop.Adopt(near, _client);
        _server.Stream = _loop.Adopt(far, _server);
    }

    private void Send(string text)
    {
        byte[] data = PinnedData.Make(text.Length);
        Encoding.ASCII.GetBytes(text, data);
        _client.Stream.Send(data, 0, data.Length);
        _loop.Settle();
    }

    private void Run(Task task)
    {
        _loop.Await(() => task.IsCompleted);
        task.IsCompletedSuccessfully.ShouldBeTrue();
    }

    private Exception Failure(Task task)
    {
        _loop.Await(() => task.IsCompleted);
        return task.Exception!.InnerException!;
    }
}
