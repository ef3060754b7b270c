// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Scenario;

/// <summary>The counters of a device as /sys/block/NAME/stat has them, in sectors.</summary>
internal sealed record Counts
{
    private const int SectorSize = 512;

    public long Reads { get; private init; }

    public long ReadMerges { get; private init; }

    public long ReadSectors { get; private init; }

    public long Writes { get; private init; }

    public long WriteMerges { get; private init; }

    public long WriteSectors { get; private init; }

    public long Discards { get; private init; }

    public long Flushes { get; private init; }

    /// <summary>
    /// Counters now. To the kernel a flush is a write of nothing, counted as a flush only by a
    /// request queue; one that came as a clone is a read.
    /// </summary>
    public static Counts Of(BlockDevice device)
    {
        BlockStatistics statistics = device.Statistics;
        return new Counts
        {
            Reads = statistics.Reads + statistics.FlushClones,
            ReadMerges = statistics.ReadMerges,
            ReadSectors = statistics.ReadBytes / SectorSize,
            Writes = statistics.Writes + statistics.Flushes,
            WriteMerges = statistics.WriteMerges,
            WriteSectors = statistics.WriteBytes / SectorSize,
            Discards = statistics.Discards,
            Flushes = device.Queue is null ? 0 : statistics.Flushes,
        };
    }

    public Counts Since(Counts mark) => new()
    {
        Reads = Reads - mark.Reads,
        ReadMerges = ReadMerges - mark.ReadMerges,
        ReadSectors = ReadSectors - mark.ReadSectors,
        Writes = Writes - mark.Writes,
        WriteMerges = WriteMerges - mark.WriteMerges,
        WriteSectors = WriteSectors - mark.WriteSectors,
        Discards = Discards - mark.Discards,
        Flushes = Flushes - mark.Flushes,
    };

    public override string ToString()
    {
        string discards = Discards == 0 ? "" : $" discards={Discards}";
        string flushes = Flushes == 0 ? "" : $" flushes={Flushes}";
        return $"reads={Reads} rmerged={ReadMerges} rsectors={ReadSectors} "
            + $"writes={Writes} wmerged={WriteMerges} wsectors={WriteSectors}{discards}{flushes}";
    }
}
