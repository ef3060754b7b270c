// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Tests.Fuzz;

/// <summary>
/// The NBD client, as a path of a map whose other path is well: its server breaks the protocol in
/// some messages, in any way. All I/O of the map must end, well and with the right data, and the
/// path must come back when its server behaves again.
/// </summary>
internal sealed class NbdClientFuzz : FuzzTarget
{
    private const int MaxIos = 64;

    /// <summary>
    /// Without the bytes that the simulated wires copy: the world itself, and all its connections.
    /// </summary>
    private const long MaxOwnBytes = 8 << 20;

    public override string Name => "nbd-client";

    public override int Weight => 10;

    /// <summary>
    /// Torn into single bytes, the wires take hundreds for each: the bound that counts is below.
    /// </summary>
    public override long MaxBytes(int length) => 1L << 30;

    public override string Make(LoopRandom random) => new ServerTalk(random).Make();

    public override bool Read(string input)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        FuzzLine[] lines = [.. input.Split('\n').Select(line => new FuzzLine(line))];
        FuzzLine First(string word) => lines.FirstOrDefault(line => line.Word(0) == word, new(""));
        int tears = First("tears").Number(1, 100_000);
        var world = new PathWorld(
            Style(First("style")), Edits(lines), tears, First("map"));
        using (world)
        {
            FuzzLine load = First("load");
            int depth = Math.Max(1, load.Number(3, FuzzLoad.MaxDepth));
            bool isMade = world.Start(load.Number(1), depth);
            if (isMade)
            {
                world.Run(load.Number(2, MaxIos));
                world.CheckPathIsBack();
                world.Run(2);
            }
            world.End();
            long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            int copies = tears == 0 ? 8 : 16 + (1000 / tears);
            long traffic = world.Hostile.Traffic + (world.Load?.Bytes ?? 0);
            long most = MaxOwnBytes + (copies * traffic) + (64L * input.Length);
            Check(bytes <= most, $"it allocated {bytes} bytes, more than {most}");
            return isMade;
        }
    }

    private static ILookup<ulong, FuzzLine> Edits(FuzzLine[] lines) => lines
        .Where(line => line.Word(0).Length > 0 && char.IsAsciiDigit(line.Word(0)[0]))
        .ToLookup(line => line.Number(0));

    private static ServerStyle Style(FuzzLine line) => new()
    {
        StructuredReplies = line.Word(1) != "0",
        Allocation = line.Word(2) != "0",
        Chunks = Math.Max(1, line.Number(3, 16)),
        Block = line.Word(4) is "1" or "4096" ? line.Number(4, 4096) : FuzzVolume.Block,
        Flags = (NbdTransmissionFlags)line.Number(5, ushort.MaxValue),
        Errors = line.Number(6, 1000),
    };
}
