// SPDX-License-Identifier: Apache-2.0
using System.Net.Sockets;
using Braid.Io;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Io;

/// <summary>Listening, connecting and handshakes over the machine's sockets.</summary>
public sealed class SocketNetworkTests : IDisposable
{
    private static readonly CancellationToken Never = CancellationToken.None;

    private readonly SocketBench _bench = new(IoBackend.Epoll);

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_handshake_reads_and_writes_any_amount(bool unix)
    {
        (Connection near, Connection far) = await _bench.PairAsync(unix);
        byte[] sent = new byte[4 << 20];
        new Random(1).NextBytes(sent);
        byte[] received = new byte[sent.Length];
        Task writing = near.WriteAsync(sent, Never).AsTask();
        for (int at = 0; at < received.Length; at += 1 << 16)
            await far.ReadExactlyAsync(received.AsMemory(at, 1 << 16), Never);
        await writing.WaitAsync(SocketBench.Limit);
        received.AsSpan().SequenceEqual(sent).ShouldBeTrue();
        near.Dispose();
        far.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_peer_that_closes_ends_a_read(bool unix)
    {
        (Connection near, Connection far) = await _bench.PairAsync(unix);
        await near.WriteAsync(new byte[10], Never);
        Task reading = far.ReadExactlyAsync(new byte[20], Never).AsTask();
        near.Dispose();
        await Should.ThrowAsync<EndOfStreamException>(() => reading.WaitAsync(SocketBench.Limit));
        far.Dispose();
    }

    [Fact]
    public async Task Writing_to_a_peer_that_has_closed_is_an_end_of_the_stream_too()
    {
        (Connection near, Connection far) = await _bench.PairAsync(unix: true);
        far.Dispose();
        await Should.ThrowAsync<EndOfStreamException>(
            () => near.WriteAsync(new byte[10], Never).AsTask());
        near.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_read_can_be_cancelled_and_the_connection_closed_at_once(bool unix)
    {
        for (int i = 0; i < 50; i++)
        {
            (Connection near, Connection far) = await _bench.PairAsync(unix);
            using var cancel = new CancellationTokenSource();
            Task reading = far.ReadExactlyAsync(new byte[20], cancel.Token).AsTask();
            await cancel.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(
                () => reading.WaitAsync(SocketBench.Limit));
            far.Dispose();
            near.Dispose();
        }
    }

    [Fact]
    public async Task A_write_that_waits_for_room_can_be_cancelled()
    {
        (Connection near, Connection far) = await _bench.PairAsync(unix: true);
        using var cancel = new CancellationTokenSource();
        Task writing = near.WriteAsync(new byte[64 << 20], cancel.Token).AsTask();
        writing.IsCompleted.ShouldBeFalse();
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(
            () => writing.WaitAsync(SocketBench.Limit));
        near.Dispose();
        far.Dispose();
    }

    [Fact]
    public async Task Nothing_is_begun_when_it_is_cancelled_already()
    {
        (Connection near, Connection far) = await _bench.PairAsync(unix: true);
        var cancelled = new CancellationToken(true);
        await Should.ThrowAsync<OperationCanceledException>(
            () => far.ReadExactlyAsync(new byte[1], cancelled).AsTask());
        using Listener listener = _bench.Network.Listen(Endpoint.Tcp("127.0.0.1", 0));
        await Should.ThrowAsync<OperationCanceledException>(
            () => listener.AcceptAsync(cancelled).AsTask());
        near.Dispose();
        far.Dispose();
    }

    [Fact]
    public async Task Accepting_can_be_cancelled_and_begun_again()
    {
        using Listener listener = _bench.Network.Listen(_bench.AnyEndpoint(unix: true));
        using var cancel = new CancellationTokenSource();
        Task<Connection> accepting = listener.AcceptAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(
            () => accepting.WaitAsync(SocketBench.Limit));
        Connection near = await _bench.Network.ConnectAsync(listener.Endpoint, Never);
        Connection far = await listener.AcceptAsync(Never);
        far.Peer.ShouldBe("unix client");
        near.Peer.ShouldBe($"unix:{_bench.SocketPath}");
        near.Dispose();
        far.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_listener_that_is_closed_ends_a_wait_for_a_client(bool cancels)
    {
        Listener listener = _bench.Network.Listen(Endpoint.Tcp("127.0.0.1", 0));
        using var cancel = new CancellationTokenSource();
        Task<Connection> accepting = listener.AcceptAsync(cancel.Token).AsTask();
        listener.Dispose();
        // And neither that nor cancelling afterwards may harm the control loop.
        if (cancels) await cancel.CancelAsync();
        await ShouldEndAsync(accepting);
        (Connection near, Connection far) = await _bench.PairAsync(unix: false);
        near.Dispose();
        far.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_that_is_closed_ends_a_wait_for_bytes(bool cancels)
    {
        (Connection near, Connection far) = await _bench.PairAsync(unix: true);
        using var cancel = new CancellationTokenSource();
        Task reading = far.ReadExactlyAsync(new byte[1], cancel.Token).AsTask();
        far.Dispose();
        if (cancels) await cancel.CancelAsync();
        await ShouldEndAsync(reading);
        near.Dispose();
        (near, far) = await _bench.PairAsync(unix: false);
        near.Dispose();
        far.Dispose();
    }

    [Fact]
    public async Task The_machine_chooses_a_port_and_the_listener_says_which()
    {
        using Listener listener = _bench.Network.Listen(Endpoint.Tcp("127.0.0.1", 0));
        listener.Endpoint.Port.ShouldBeGreaterThan(0);
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", listener.Endpoint.Port);
        Connection accepted = await listener.AcceptAsync(Never);
        accepted.Peer.ShouldStartWith("127.0.0.1:");
        accepted.Dispose();
    }

    [Fact]
    public async Task A_name_stands_for_all_its_addresses()
    {
        // localhost is ::1 first on many machines; this server has the old address only.
        using Listener listener = _bench.Network.Listen(Endpoint.Tcp("127.0.0.1", 0));
        Connection near = await _bench.Network.ConnectAsync(
            Endpoint.Tcp("localhost", listener.Endpoint.Port), Never);
        near.Dispose();
    }

    [Fact]
    public async Task A_refused_connection_says_whom_it_was_for()
    {
        int port;
        using (Listener listener = _bench.Network.Listen(Endpoint.Tcp("127.0.0.1", 0)))
            port = listener.Endpoint.Port;
        ErrnoException error = await Should.ThrowAsync<ErrnoException>(
            () => _bench.Network.ConnectAsync(Endpoint.Tcp("127.0.0.1", port), Never).AsTask());
        error.Message.ShouldBe($"connect 127.0.0.1:{port}: Connection refused");
    }

    [Fact]
    public async Task A_unix_socket_that_is_not_there_says_so()
    {
        Endpoint nowhere = Endpoint.Unix(_bench.SocketPath);
        ErrnoException error = await Should.ThrowAsync<ErrnoException>(
            () => _bench.Network.ConnectAsync(nowhere, Never).AsTask());
        error.Message.ShouldBe($"connect {nowhere}: No such file or directory");
    }

    [Fact]
    public async Task A_name_that_is_none_is_an_IOException()
    {
        await Should.ThrowAsync<IOException>(() => _bench.Network
            .ConnectAsync(Endpoint.Tcp("no.such.host.invalid", 1), Never).AsTask());
        var tooLong = Endpoint.Unix("/tmp/" + new string('x', 200));
        await Should.ThrowAsync<IOException>(
            () => _bench.Network.ConnectAsync(tooLong, Never).AsTask());
        Should.Throw<IOException>(() => _bench.Network.Listen(tooLong));
    }

    [Fact]
    public void A_port_in_use_is_refused()
    {
        using Listener listener = _bench.Network.Listen(Endpoint.Tcp("127.0.0.1", 0));
        ErrnoException error = Should.Throw<ErrnoException>(
            () => _bench.Network.Listen(listener.Endpoint));
        error.Call.ShouldBe("bind");
    }

    [Fact]
    public void Only_its_owner_may_connect_to_a_unix_socket()
    {
        using Listener listener = _bench.Network.Listen(_bench.AnyEndpoint(unix: true));
        File.GetUnixFileMode(_bench.SocketPath)
            .ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public void The_file_of_a_unix_socket_goes_with_its_listener()
    {
        Listener listener = _bench.Network.Listen(_bench.AnyEndpoint(unix: true));
        File.Exists(_bench.SocketPath).ShouldBeTrue();
        listener.Dispose();
        File.Exists(_bench.SocketPath).ShouldBeFalse();
        listener.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_listener_that_ends_removes_its_own_file_only(bool isReplaced)
    {
        using var stop = new CancellationTokenSource();
        Listener ours = _bench.Network.Listen(_bench.AnyEndpoint(unix: true));
        Task<Connection> accepting = ours.AcceptAsync(stop.Token).AsTask();
        Listener? theirs = null;
        if (isReplaced)
        {
            File.Delete(_bench.SocketPath);
            theirs = _bench.Network.Listen(_bench.AnyEndpoint(unix: true));
        }
        ours.Dispose();
        File.Exists(_bench.SocketPath).ShouldBe(isReplaced);
        await stop.CancelAsync();
        await Task.WhenAny(accepting).WaitAsync(SocketBench.Limit);
        theirs?.Dispose();
        File.Exists(_bench.SocketPath).ShouldBeFalse();
    }

    [Fact]
    public async Task A_stale_unix_socket_is_replaced()
    {
        using (var stale = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.IP))
        {
            // The runtime removes the file that it has bound; so it is moved away first.
            stale.Bind(new UnixDomainSocketEndPoint(_bench.SocketPath + "0"));
            File.Move(_bench.SocketPath + "0", _bench.SocketPath);
        }
        File.Exists(_bench.SocketPath).ShouldBeTrue();
        using Listener listener = _bench.Network.Listen(_bench.AnyEndpoint(unix: true));
        Connection near = await _bench.Network.ConnectAsync(listener.Endpoint, Never);
        near.Dispose();
    }

    [Fact]
    public async Task A_unix_socket_in_use_is_left_alone()
    {
        using Listener listener = _bench.Network.Listen(_bench.AnyEndpoint(unix: true));
        IOException error = Should.Throw<IOException>(
            () => _bench.Network.Listen(_bench.AnyEndpoint(unix: true)));
        error.Message.ShouldBe(
            $"cannot listen on unix:{_bench.SocketPath}: another process does already");
        Connection near = await _bench.Network.ConnectAsync(listener.Endpoint, Never);
        near.Dispose();
    }

    [Fact]
    public void A_file_that_is_no_socket_is_left_alone()
    {
        File.WriteAllText(_bench.SocketPath, "precious");
        Should.Throw<ErrnoException>(() => _bench.Network.Listen(_bench.AnyEndpoint(unix: true)));
        File.ReadAllText(_bench.SocketPath).ShouldBe("precious");
    }

    [Fact]
    public void Endpoints_are_written_as_people_write_them()
    {
        Endpoint.Tcp("h", 10809).ToString().ShouldBe("h:10809");
        Endpoint.Tcp("::1", 10809).ToString().ShouldBe("[::1]:10809");
        Endpoint.Unix("/run/x.sock").ToString().ShouldBe("unix:/run/x.sock");
    }

    /// <summary>By an error, of whatever kind, and not by the limit of the test.</summary>
    private static async Task ShouldEndAsync(Task task)
    {
        Exception error = await Should.ThrowAsync<Exception>(
            () => task.WaitAsync(SocketBench.Limit));
        error.ShouldNotBeOfType<TimeoutException>();
    }
}
