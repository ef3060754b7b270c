// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Tests.Simulation;

/// <summary>The wires of a simulated world while they are well.</summary>
internal sealed record SimWire
{
    /// <summary>A command and its payload pass in a few rounds all the same.</summary>
    private const long LeastRoom = 16 << 10;

    public long LatencyNs { get; init; }

    /// <summary>What the machine takes of a stream before somebody reads.</summary>
    public long RoomBytes { get; init; } = long.MaxValue;

    /// <summary>The same, where memory is scarce.</summary>
    public SimWire WithRoomFor(long bytes) =>
        this with { RoomBytes = Math.Max(LeastRoom, bytes) };

    public void Set(SimulatedLink link)
    {
        link.LatencyNs = LatencyNs;
        link.RoomBytes = RoomBytes;
    }

    public override string ToString() =>
        $"latency {LatencyNs / 1000} us"
        + (RoomBytes < long.MaxValue ? $", room {RoomBytes >> 10} KiB" : "");
}
