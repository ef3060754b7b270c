// SPDX-License-Identifier: Apache-2.0
using BenchmarkDotNet.Reports;

namespace Braid.Bench.Micro;

/// <summary>What was measured of a case, for each bio of a loop.</summary>
/// <param name="Case">The condition.</param>
/// <param name="Ns">Nanoseconds, of all iterations.</param>
/// <param name="Bytes">Allocated, in the whole process.</param>
internal sealed record EngineResult(EngineCase Case, Spread Ns, double Bytes)
{
    /// <exception cref="BenchException">It did not run.</exception>
    public static EngineResult Of(BenchmarkReport report)
    {
        var its = (EngineCase)report.BenchmarkCase.Parameters[nameof(EngineBenchmarks.Case)];
        if (report.ResultStatistics is not { } statistics)
            throw new BenchException($"{its} did not run");
        long bytes = report.GcStats.GetTotalAllocatedBytes(true)
            ?? throw new BenchException("allocations are not counted here");
        return new EngineResult(
            its, Spread.Of(statistics.OriginalValues),
            (double)bytes / report.GcStats.TotalOperations);
    }

    public EngineFigure ToFigure() => new()
    {
        Selector = Case.Selector,
        Paths = Case.Paths,
        Ns = Ns.Median,
        Bytes = Bytes,
    };
}
