// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Block;

namespace Braid.Tests.Simulation;

/// <summary>A place for an I/O of a client: its bio, its memory, and what is known of it.</summary>
internal sealed class SimIo : IDisposable
{
    private readonly TestBuffer _memory;

    public SimIo(SimClient client, int place, int maxBytes)
    {
        Client = client;
        _memory = new TestBuffer(maxBytes);
        Bio = new Bio(client) { Cookie = place };
        _memory.AttachTo(Bio);
    }

    public SimClient Client { get; }

    public Bio Bio { get; }

    public bool IsInFlight { get; set; }

    /// <summary>When it went out, on the history's clock and the loop's.</summary>
    public long Start { get; set; }

    public long StartNs { get; set; }

    /// <summary>Times that its client had lost its connection then.</summary>
    public int Losses { get; set; }

    /// <summary>Of a write.</summary>
    public WriteRecord? Write { get; set; }

    public ulong Stamp { get; set; }

    public int FirstBlock => (int)(Bio.Offset / Simulation.Stamp.BlockBytes);

    public int Blocks => (int)(Bio.Length / Simulation.Stamp.BlockBytes);

    public Span<byte> Bytes => _memory.Bytes[..(int)Bio.Length];

    /// <summary>What a query was answered with.</summary>
    public ReadOnlySpan<BlockExtent> Extents =>
        MemoryMarshal.Cast<byte, BlockExtent>(_memory.Bytes)[..Bio.ExtentCount];

    public void Dispose() => _memory.Dispose();

    public override string ToString()
    {
        string flags = Bio.Flags == BioFlags.None ? "" : $" {Bio.Flags}";
        string range = Bio.Operation == BlockOperation.Flush ? "" : $" {FirstBlock}+{Blocks}";
        string stamp = Bio.Operation == BlockOperation.Write ? $" as {Stamp}" : "";
        return $"{Client.Name}.{Bio.Cookie} {Bio.Operation}{flags}{range}{stamp}";
    }
}
