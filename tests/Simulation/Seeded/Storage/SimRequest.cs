// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Tests.Simulation;

/// <summary>A request at a server, and what was read for it.</summary>
internal sealed class SimRequest(NbdRequest wire, byte[] payload)
{
    public NbdRequest Wire => wire;

    /// <summary>What it is answered with.</summary>
    public NbdError Error { get; set; }

    /// <summary>Of a read, once it was done.</summary>
    public byte[] Data { get; private set; } = [];

    /// <summary>Of a block status, once it was done: lengths and states.</summary>
    public IReadOnlyList<BlockExtent> Extents { get; private set; } = [];

    /// <summary>After that it is not done any more.</summary>
    public long DeadNs { get; set; }

    /// <summary>It is done after its client has given it up.</summary>
    public bool IsLate { get; set; }

    /// <summary>It was never done, and is never answered.</summary>
    public bool IsDropped { get; set; }

    private long Offset => (long)wire.Offset;

    /// <summary>
    /// Does it at once. One that is to fail may be done all the same, or in part, or not at all.
    /// </summary>
    /// <param name="world">Its world.</param>
    /// <param name="random">Of its server.</param>
    /// <param name="cache">Where what it writes is kept first; null for past all caches.</param>
    public void Do(SimWorld world, LoopRandom random, int? cache)
    {
        SimVolume volume = world.Volume;
        bool isFua = cache is null || (wire.Flags & NbdCommandFlags.Fua) != 0;
        int into = cache ?? 0;
        if (world.Breakage is { DropsFlushes: true } && wire.Command == NbdCommand.Flush) return;
        long length = Error == NbdError.None ? wire.Length : Part(random);
        bool isWrite =
            wire.Command is NbdCommand.Write or NbdCommand.WriteZeroes or NbdCommand.Trim;
        if (IsLate && isWrite) TellLate(world, length);
        switch (wire.Command)
        {
            case NbdCommand.Read:
                Data = new byte[wire.Length];
                volume.Read(Offset, Data);
                break;
            case NbdCommand.Write:
                volume.Write(Offset, payload.AsSpan(0, (int)length), isFua, into);
                break;
            case NbdCommand.WriteZeroes:
                volume.Zero(Offset, length, isFua, into);
                break;
            case NbdCommand.Trim:
                // A wish: it is granted or not, to the whole of it.
                if (random.Chance(700)) volume.Zero(Offset, length, isFua, into);
                break;
            case NbdCommand.BlockStatus:
                byte[] bytes = new byte[wire.Length];
                volume.Read(Offset, bytes);
                Extents = SimExtents.Of(bytes, random);
                break;
            case NbdCommand.Flush:
            default:
                if (length > 0 || Error == NbdError.None) volume.Flush(into);
                break;
        }
    }

    /// <summary>What it leaves there comes late.</summary>
    private void TellLate(SimWorld world, long length)
    {
        for (long at = 0; at < length; at += Stamp.BlockBytes)
        {
            int block = (int)((Offset + at) / Stamp.BlockBytes);
            ulong stamp = payload.Length == 0
                ? Stamp.Zero
                : Stamp.Read(payload.AsSpan((int)at, Stamp.BlockBytes), block);
            world.History.CameLate(block, stamp);
        }
    }

    private long Part(LoopRandom random)
    {
        if (wire.Length == 0) return random.Next(2);
        long blocks = random.Next((wire.Length / Stamp.BlockBytes) + 1);
        return Math.Min(wire.Length, blocks * Stamp.BlockBytes);
    }
}
