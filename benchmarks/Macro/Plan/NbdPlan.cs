// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>What the server keeps its bytes in.</summary>
internal enum Store
{
    /// <summary>One `nbdkit memory`, which every path reaches.</summary>
    Memory,

    /// <summary>An `nbdkit file` for each path, all on one file.</summary>
    File,

    /// <summary>No server: a file, which contenders open themselves.</summary>
    Disk,
}

/// <summary>Everything a benchmark is told before it starts.</summary>
internal sealed record NbdPlan(IReadOnlyList<Cell> Cells, IReadOnlyList<Contender> Contenders)
{
    public int Rounds { get; init; } = 5;

    /// <summary>Length of one measured run.</summary>
    public TimeSpan Run { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Length of one run of the round before the first, which is not counted.</summary>
    public TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>Bytes of the device, all of them written before the first run.</summary>
    public long Size { get; init; } = 1L << 30;

    public Store Store { get; init; }

    /// <summary>
    /// Where the file of <see cref="Store.Disk"/> is; null for the temporary folder.
    /// </summary>
    public string? Folder { get; init; }

    /// <summary>Whether a last pass counts system calls; it is never part of the timing.</summary>
    public bool CountSystemCalls { get; init; }

    /// <summary>What fio takes to start, calibrate its clock, connect and report.</summary>
    private static readonly TimeSpan FioOverhead = TimeSpan.FromSeconds(0.3);

    public TimeSpan Estimate
    {
        get
        {
            TimeSpan runs = Rounds * (Run + FioOverhead) + WarmUp + FioOverhead;
            if (CountSystemCalls) runs += Run + 2 * FioOverhead;
            return Cells.Sum(cell => Contenders.Count(one => one.Takes(cell))) * runs;
        }
    }
}
