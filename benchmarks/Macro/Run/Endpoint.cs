// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>A contender that listens: what fio connects to, and whose CPU time is read.</summary>
/// <param name="Contender">Whose it is.</param>
/// <param name="Uri">Where clients connect.</param>
/// <param name="Process">Its process; null for the server itself, which all share.</param>
/// <param name="StatsFile">Where it writes its counters, if it does.</param>
internal sealed record Endpoint(
    Contender Contender, string Uri, ChildProcess? Process, string StatsFile) : IDisposable
{
    /// <summary>What fio works on.</summary>
    public FioTarget Target =>
        Contender.FioEngine is { } engine ? new FioTarget(Uri, engine) : Uri;

    public double CpuSeconds => Process is null ? 0 : CpuClock.Seconds(Process.Pid);

    /// <summary>For an error message: what it said last, if it died.</summary>
    public string Obituary => Process is { HasExited: true }
        ? $"; {Contender} had ended with status {Process.ExitCode}: {Process.LastWords}"
        : "";

    /// <summary>Its own counters, where it keeps some.</summary>
    public async Task<StatsCounters?> CountersAsync(CancellationToken cancel) =>
        Process is not null && Contender.Command!.HasStats
            ? await Macro.StatsFile.ReadAsync(Process, StatsFile, cancel)
            : null;

    public void Dispose() => Process?.Dispose();
}
