// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Tests.Fuzz;

/// <summary>
/// The NBD server, at the mercy of up to three clients who say anything and leave at any byte. A
/// client who behaves, on the same server and the same device, must not notice them.
/// </summary>
internal sealed class NbdServerFuzz : FuzzTarget
{
    private const long Us = 1000;

    /// <summary>
    /// Without the bytes that the simulated wires copy: the world itself, and what the server makes
    /// for a few clients.
    /// </summary>
    private const long MaxOwnBytes = 2 << 20;

    public override string Name => "nbd-server";

    public override int Weight => 10;

    /// <summary>
    /// Torn into single bytes, the wires take hundreds for each: the bound that counts is below.
    /// </summary>
    public override long MaxBytes(int length) => 1L << 30;

    public override string Make(LoopRandom random) => new ClientTalk(random).Make();

    public override bool Read(string input)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        using var world = new ServerWorld();
        string[] lines = input.Split('\n');
        foreach (string line in lines)
        {
            if (line.Length > 0) Play(world, new FuzzLine(line));
            // It has I/O under way whatever the others do.
            world.Load.Add(1);
        }
        world.RunFor(100 * Us);
        world.End();
        long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        // A torn delivery is many small ones, each with an array and a timer.
        int copies = world.Link.TearsAtBytes == 0 ? 8 : 16 + (1000 / world.Link.TearsAtBytes);
        long most = MaxOwnBytes + (copies * world.Traffic) + (64L * input.Length);
        Check(bytes <= most, $"it allocated {bytes} bytes, more than {most}");
        return world.HasServed;
    }

    private static void Play(ServerWorld world, FuzzLine line)
    {
        if (line.Word(0) == "wait")
        {
            world.RunFor(line.Number(1, 12_000_000) * Us);
            return;
        }
        if (line.Word(0) == "tears")
        {
            world.Link.TearsAtBytes = line.Number(1, 100_000);
            return;
        }
        HostileClient client = world.Client(line.Number(0, 2));
        switch (line.Word(1))
        {
            case "end":
                client.End();
                break;
            case "reset":
                client.Reset();
                break;
            case "leave":
                byte[] leave = new byte[NbdProtocol.RequestSize];
                new NbdRequest(0, NbdCommand.Disconnect, 0, 0, 0).Write(leave);
                client.Send(leave);
                break;
            default:
                if (ClientTalk.BytesOf(line) is { } bytes) client.Send(bytes);
                break;
        }
    }
}
