// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Exports.Nbd;
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Tests.Simulation;

/// <summary>One client of our server sends all it can; the paths below take their time.</summary>
public sealed class FloodTests : IDisposable
{
    private const long Second = 1_000_000_000;
    private const int MiB = 1 << 20;
    private const int Tags = 128;

    private static readonly Endpoint At = Endpoint.Unix("/sim/server");

    private readonly SimulatedLoop _loop = new(1);
    private readonly SimulatedNetwork _network;
    private readonly BufferPool _pool = new(256 * MiB);
    private readonly HeldDevice _device;
    private readonly NbdServer _server;

    public FloodTests()
    {
        _network = new SimulatedNetwork(_loop);
        _device = new HeldDevice(_loop, new QueueOptions { Depth = Tags });
        _server = new NbdServer(
            _loop, _network, At, [new NbdExport("x", _device)],
            new NbdClients(_loop, _pool), _ => { });
        _server.Start();
    }

    public void Dispose()
    {
        _loop.RunUntil(() => _server.Clients == 0, 60 * Second).ShouldBeTrue();
        _pool.InUse.ShouldBe(0);
        _device.Queue.Tags.InUse.ShouldBe(0);
        _server.Dispose();
        _pool.Dispose();
        _device.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Floods_leave_tags_for_others(int floods)
    {
        const ulong Commands = 1000;
        ScriptedClient[] clients = [.. Enumerable.Range(0, floods).Select(_ => Connect())];
        foreach (ScriptedClient flood in clients)
            for (ulong read = 0; read < Commands; read++)
                flood.Command(NbdCommand.Read, read, read * 2 * 4096, 4096);
        _loop.RunFor(Second);
        _device.InFlight.ShouldBeGreaterThan(Tags / 2 - 1);
        ScriptedClient other = Connect();
        other.Command(NbdCommand.Read, 1, 4096, 4096);
        _loop.RunFor(Second);
        _device.Complete(4096).ShouldBeTrue();
        other.SimpleReply().Error.ShouldBe(NbdError.None);
        other.Read(4096);
        other.Close();
        _device.IsHolding = false;
        foreach (ScriptedClient flood in clients)
        {
            for (ulong read = 0; read < Commands; read++)
            {
                flood.SimpleReply().Error.ShouldBe(NbdError.None);
                flood.Read(4096);
            }
            flood.Close();
        }
    }

    [Fact]
    public void A_thousand_writes_of_1_MiB_have_a_quarter_of_the_memory_until_the_paths_take_them()
    {
        const int Commands = 1024;
        const long Bound = (64 + 1) * MiB;
        ScriptedClient client = Connect();
        Task flood = client.WriteAllAsync(Commands, new byte[MiB]);
        _loop.RunFor(Second);
        _pool.InUse.ShouldBeInRange(Bound / 2, Bound);
        _device.IsHolding = false;
        _loop.RunUntil(() => flood.IsCompleted, 60 * Second).ShouldBeTrue();
        for (int reply = 0; reply < Commands; reply++)
            client.SimpleReply().Error.ShouldBe(NbdError.None);
        _pool.MostInUse.ShouldBeLessThanOrEqualTo(Bound);
        client.Close();
    }

    private ScriptedClient Connect() =>
        ScriptedClient.Connect(_loop, _network, At).Go("x", structured: false);
}
