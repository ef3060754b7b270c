// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Braid.Daemon;
using Braid.Io;
using Microsoft.Extensions.Logging.Abstractions;

namespace Braid.Tests.Simulation;

/// <summary>A map `mp` over two paths in memory, a and b, and its control socket.</summary>
internal sealed class ControlHouse : IDisposable
{
    public const long Second = 1_000_000_000;
    public const long VolumeBytes = 1 << 20;
    public const string Table = "0 2048 multipath 0 0 1 1 round-robin 0 2 0 a b";

    private static readonly Endpoint At = Endpoint.Unix("/sim/control");

    public ControlHouse()
    {
        Network = new SimulatedNetwork(Loop);
        var options = new MapOptions
        {
            Name = "mp",
            Paths = [new DeclaredPath("a", "mem:v?size=1M"), new DeclaredPath("b", "mem:v")],
            Exports = ["nbd+unix:///mp?socket=/sim/mp"],
            Table = Table,
            PoolBytes = 64 << 20,
        };
        Stack = new MapStack(Loop, Network, options, NullLogger.Instance);
        Stack.ReachPaths(() => { });
        Stack.MakeMap();
        Stack.Listen();
        Commands = new ControlCommands(Stack);
        Server = new ControlServer(Loop, Network, At, Commands, Log.Add);
        Server.Start();
    }

    public SimulatedLoop Loop { get; } = new(1);

    public SimulatedNetwork Network { get; }

    public MapStack Stack { get; }

    public ControlCommands Commands { get; }

    public ControlServer Server { get; }

    public List<string> Log { get; } = [];

    public SimulatedLink Link => Network.Link(At);

    public ControlPeer Connect()
    {
        Task<Connection> connecting = Network.ConnectAsync(At, CancellationToken.None).AsTask();
        Loop.RunUntil(() => connecting.IsCompleted, Second).ShouldBeTrue();
        return new ControlPeer(Loop, connecting.Result);
    }

    /// <summary>Has a request done without a socket; its answer must come at once.</summary>
    public ControlReply Ask(ControlRequest request)
    {
        Asked asked = Begin(request);
        asked.Reply.ShouldNotBeNull();
        return asked.Reply;
    }

    /// <summary>The same; it must not fail.</summary>
    public ControlReply Do(ControlRequest request)
    {
        ControlReply reply = Ask(request);
        reply.Error.ShouldBeNull();
        return reply;
    }

    /// <summary>The same; it must fail. Returns the reason.</summary>
    public string Fail(ControlRequest request) => Ask(request).Error.ShouldNotBeNull();

    /// <summary>Begins what a request asks for; a moment passes.</summary>
    public Asked Begin(ControlRequest request)
    {
        var asked = new Asked(request);
        Loop.Post(() => Commands.Execute(asked.Exchange));
        Loop.RunFor(1_000_000);
        return asked;
    }

    public void Dispose()
    {
        Server.Drain();
        Stack.Drain();
        Stack.Stop();
        Loop.RunFor(Second);
        Server.Clients.ShouldBe(0);
        Server.Dispose();
        Stack.Dispose();
    }
}

/// <summary>A request, and its reply when there is one.</summary>
internal sealed class Asked
{
    public Asked(ControlRequest request) =>
        Exchange = new ControlExchange(request, reply => Reply = reply);

    public ControlExchange Exchange { get; }

    public ControlReply? Reply { get; private set; }
}

/// <summary>A client of the control socket that says what a test tells it to.</summary>
internal sealed class ControlPeer(SimulatedLoop loop, Connection connection)
{
    public void Send(string text) => Send(Encoding.UTF8.GetBytes(text));

    public void Send(byte[] bytes) =>
        _ = connection.WriteAsync(bytes, CancellationToken.None).AsTask();

    /// <summary>All that it is sent until the server closes.</summary>
    public string ReadToEnd(long withinNs = 60 * ControlHouse.Second)
    {
        Task<string> reading = ReadAsync();
        loop.RunUntil(() => reading.IsCompleted, withinNs).ShouldBeTrue("it goes on");
        return reading.Result;
    }

    /// <summary>What it is sent within a time.</summary>
    public string Read(long ns)
    {
        byte[] bytes = new byte[4096];
        using var stop = new CancellationTokenSource();
        Task<int> reading = connection.ReadAsync(bytes, stop.Token).AsTask();
        loop.RunFor(ns);
        if (reading.IsCompleted) return Encoding.UTF8.GetString(bytes, 0, reading.Result);
        stop.Cancel();
        return "";
    }

    public void Close() => connection.Dispose();

    private async Task<string> ReadAsync()
    {
        var text = new StringBuilder();
        byte[] bytes = new byte[4096];
        while (true)
        {
            int count = await connection.ReadAsync(bytes, CancellationToken.None)
                .ConfigureAwait(false);
            if (count == 0) return text.ToString();
            text.Append(Encoding.UTF8.GetString(bytes, 0, count));
        }
    }
}
