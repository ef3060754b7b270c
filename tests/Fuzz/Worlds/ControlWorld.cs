// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Braid.Block;
using Braid.Daemon;
using Braid.Io;

namespace Braid.Tests.Fuzz;

/// <summary>
/// A map over two paths in memory and its control socket: hostile clients, and one who asks what
/// can always be answered.
/// </summary>
internal sealed class ControlWorld : IDisposable
{
    private const long Second = 1_000_000_000;

    /// <summary>
    /// More than a client has for its request, and a server for finding out that it has gone.
    /// </summary>
    private const long OverRequestNs = 25 * Second;

    private static readonly Endpoint At = Endpoint.Unix("/fuzz/control");

    private readonly MapStack _stack;
    private readonly ControlServer _server;
    private readonly Dictionary<int, HostileClient> _hostile = [];
    private readonly List<HostileClient> _all = [];

    public ControlWorld()
    {
        Network = new FuzzNetwork(Loop);
        var options = new MapOptions
        {
            Name = "mp",
            Paths = [new DeclaredPath("a", "mem:v?size=1M"), new DeclaredPath("b", "mem:v")],
            Exports = ["nbd+unix:///mp?socket=/fuzz/mp"],
            Table = "0 2048 multipath 0 0 1 1 round-robin 0 2 0 a b",
            Queue = new QueueOptions { Depth = 8 },
            PathQueue = new QueueOptions { Depth = 8 },
            PoolBytes = BufferPool.MaxBuffer,
        };
        _stack = new MapStack(Loop, Network, options, new FuzzLogger());
        _stack.ReachPaths(() => { });
        _stack.MakeMap();
        _stack.Listen();
        _server = new ControlServer(
            Loop, Network, At, new ControlCommands(_stack),
            line => Check(line.Length is > 0 and < 1000, $"a line of {line.Length} letters"));
        _server.Start();
    }

    public SimulatedLoop Loop { get; } = new(seed: 1);

    public FuzzNetwork Network { get; }

    public SimulatedLink Link => Network.Inner.Link(At);

    /// <summary>Bytes that the hostile clients have sent and were sent.</summary>
    public long Traffic =>
        _all.Sum(client => (long)client.Sent.Length + client.Received.Length);

    /// <summary>The hostile client of that number; a new one where it has gone.</summary>
    public HostileClient Client(int number)
    {
        if (_hostile.TryGetValue(number, out HostileClient? client) && client.IsOpen
            && !client.IsLeft)
            return client;
        client = new HostileClient(Loop, Network.Inner, At);
        _all.Add(client);
        return _hostile[number] = client;
    }

    /// <summary>Somebody asks for something, and must get it.</summary>
    public void AskWell(string command)
    {
        var client = new HostileClient(Loop, Network.Inner, At);
        client.Send(Encoding.UTF8.GetBytes($"{{\"command\":\"{command}\"}}\n"));
        Check(Loop.RunUntil(() => client.IsLeft, Second), $"'{command}' is not answered");
        ControlReply reply = ControlJson.ReadReply(client.Received);
        Check(reply.Error is null, $"'{command}' is answered with {reply.Error}");
        Check((reply.Maps ?? (object?)reply.Tables ?? reply.Paths) is not null, "no answer");
        client.End();
    }

    /// <summary>
    /// Each client gets one line at the most, after signs of life, and is forgotten when it goes.
    /// True if one was done what it asked for.
    /// </summary>
    public bool End()
    {
        Loop.RunFor(OverRequestNs);
        bool any = false;
        foreach (HostileClient client in _all)
        {
            any |= CheckReply(client.Received, client.IsLeft);
            client.End();
        }
        Loop.RunFor(OverRequestNs);
        Check(_server.Clients == 0, $"{_server.Clients} clients are left");
        AskWell("info");
        _server.Drain();
        _stack.Drain();
        _stack.Stop();
        Loop.RunFor(2 * Second);
        Network.CheckWork();
        Check(_stack.Pool.InUse == 0, "memory is left");
        return any;
    }

    public void Dispose()
    {
        _server.Dispose();
        _stack.Dispose();
    }

    private static bool CheckReply(ReadOnlySpan<byte> received, bool isLeft)
    {
        ReadOnlySpan<byte> line = received.TrimStart((byte)'\n');
        if (line.IsEmpty) return false;
        Check(line.IndexOf((byte)'\n') == line.Length - 1, "an answer that is not one line");
        Check(isLeft, "answered, and not closed");
        ControlReply reply = ControlJson.ReadReply(line);
        Check(reply.Error is null or { Length: > 0 }, "an error without words");
        Check(!(reply.Error + reply.Note).Any(char.IsControl),
            $"not one line: {reply.Error}{reply.Note}");
        return reply.Error is null;
    }

    private static void Check(bool condition, string what)
    {
        if (!condition) throw new FuzzException(what);
    }
}
