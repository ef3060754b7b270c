// SPDX-License-Identifier: Apache-2.0
using Braid.Bench.Macro;

namespace Braid.Tests.Bench;

/// <summary>Makes results of rounds that were never run.</summary>
internal static class Results
{
    public static readonly Cell Cell = new(Workload.RandomRead, 32);
    public static readonly Contender Braid = Contender.Braid("braid", "braid");
    public static readonly Contender Variant = Contender.Braid("variant", "braid", "--x");

    /// <summary>A result with one round for each number of IOPS.</summary>
    public static CellResult Of(Contender contender, params double[] iops)
    {
        var result = new CellResult(Cell, contender);
        for (int i = 0; i < iops.Length; i++) result.Samples.Add(Round(i + 1, iops[i]));
        return result;
    }

    public static CellResult Failed(Contender contender, string why) =>
        new(Cell, contender) { Failure = why };

    public static BenchReport Report(params CellResult[] results) => new(
        new NbdPlan([Cell], [.. results.Select(result => result.Contender)]),
        [new("machine", "a <fast> one, 2 cores"), new("command", "./bench nbd --cells 'a|b'")],
        results);

    private static Sample Round(int round, double iops) => new(round, new FioReport
    {
        Error = 0,
        Ios = (long)iops,
        Bytes = (long)iops * 4096,
        Iops = iops,
        RuntimeMs = 1000,
        ShortIos = 0,
        P50Us = 100 * round,
        P99Us = 200 * round,
        P999Us = 300 * round,
    })
    {
        CpuSeconds = 0.5,
        ServerCpuSeconds = 0.25,
    };
}
