// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Tests.Simulation;

/// <summary>Checks each I/O as it ends: its bytes, and whether it had reason to fail.</summary>
internal sealed class SimJudge(SimWorld world)
{
    private ulong _lastStamp;

    private BlockHistory History => world.History;

    public void Began(SimIo io)
    {
        io.Write = null;
        switch (io.Bio.Operation)
        {
            case BlockOperation.Read:
                io.Bytes.Fill(0xEE);
                io.Start = History.BeginRead(io.FirstBlock, io.Blocks);
                break;
            case BlockOperation.Extents:
                io.Start = History.BeginRead(io.FirstBlock, io.Blocks);
                break;
            case BlockOperation.Write:
                io.Stamp = ++_lastStamp;
                Stamp.Fill(io.Bytes, io.Stamp, io.FirstBlock);
                BeginWrite(io, io.Stamp, isDiscard: false);
                break;
            case BlockOperation.WriteZeroes:
                BeginWrite(io, Stamp.Zero, isDiscard: false);
                break;
            case BlockOperation.Discard:
                BeginWrite(io, Stamp.Zero, isDiscard: true);
                break;
            default:
                io.Start = History.Tick();
                break;
        }
    }

    public void Succeeded(SimIo io)
    {
        if (io.Write is { } write)
        {
            bool isFua = (io.Bio.Flags & BioFlags.Fua) != 0;
            History.Acknowledge(write, io.FirstBlock, io.Blocks, isFua);
        }
        else if (io.Bio.Operation == BlockOperation.Flush)
        {
            History.Flushed(io.Start);
        }
        else if (io.Bio.Operation == BlockOperation.Extents)
        {
            bool[]? zeroes = ZeroesOf(io);
            if (zeroes is null) world.Fail($"{io}: extents that are none");
            else if (History.EndQuery(io.Start, io.FirstBlock, zeroes) is { } wrong)
                world.Fail($"{io}: said to be zero: {wrong}");
        }
        else if (History.EndRead(io.Start, io.FirstBlock, io.Blocks, io.Bytes) is { } problem)
        {
            world.Fail($"{io}: {problem}");
        }
    }

    public void Failed(SimIo io, bool hasLostConnection)
    {
        if (io.Write is { } write) History.Fail(write);
        else if (io.Bio.Operation is BlockOperation.Read or BlockOperation.Extents)
            History.AbandonRead(io.FirstBlock, io.Blocks);
        if (hasLostConnection || world.Excuses.Covers(io.Start)) return;
        world.Fail($"{io} has failed without a reason: {io.Bio.Status}");
    }

    /// <summary>Blocks that are said to be zero; null for an answer that is none.</summary>
    private static bool[]? ZeroesOf(SimIo io)
    {
        bool[] zeroes = new bool[io.Blocks];
        long at = 0;
        foreach (BlockExtent extent in io.Extents)
        {
            long end = at + extent.Length;
            if (extent.Length <= 0 || end > io.Bio.Length) return null;
            bool isZero = (extent.State & BlockExtent.Zero) != 0;
            for (; at < end; at += Stamp.BlockBytes)
                zeroes[at / Stamp.BlockBytes] |= isZero;
            at = end;
        }
        return at > 0 ? zeroes : null;
    }

    /// <summary>A client's connection was lost; only a fault or an operator may do that.</summary>
    public void ClientLost(SimClient client, string reason)
    {
        if (!world.Excuses.MayLoseClients)
            world.Fail($"{client.Name} has lost its connection: {reason}");
    }

    private void BeginWrite(SimIo io, ulong stamp, bool isDiscard)
    {
        io.Write = History.BeginWrite(io.FirstBlock, io.Blocks, stamp, isDiscard);
        io.Start = io.Write.Start;
    }
}
