// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Simulation;

/// <summary>A table that was asked to be loaded; on several loops the answer comes later.</summary>
/// <param name="table">Its text.</param>
/// <param name="before">What was loaded before, and still is if this one is refused.</param>
internal sealed class SimLoading(string table, SimLoading? before)
{
    public bool IsRefused { get; set; }

    /// <summary>What is loaded when all has been answered; null for nothing.</summary>
    public string? Table => IsRefused ? before?.Table : table;

    /// <summary>With it, whatever the answers are, I/O may fail for want of a path.</summary>
    public bool MayFail => !SimTables.Queues(table) || before?.MayFail is true;
}
