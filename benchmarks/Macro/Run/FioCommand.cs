// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Braid.Bench.Macro;

/// <summary>fio's command lines.</summary>
internal static class FioCommand
{
    /// <summary>One time-based run of a cell, reported as JSON.</summary>
    public static IReadOnlyList<string> Measure(
        Cell cell, FioTarget target, TimeSpan length, long size, string output) =>
    [
        .. Common(target, output),
        "--time_based",
        string.Create(CultureInfo.InvariantCulture, $"--runtime={length.TotalMilliseconds:0}ms"),
        .. Job(cell, target.IsSynchronous, size),
    ];

    /// <summary>The same, but that what is done in the beginning is not counted.</summary>
    public static IReadOnlyList<string> Measure(
        Cell cell, FioTarget target, TimeSpan before, TimeSpan length, long size,
        string output) =>
    [
        .. Measure(cell, target, length, size, output),
        string.Create(CultureInfo.InvariantCulture, $"--ramp_time={before.TotalMilliseconds:0}ms"),
    ];

    /// <summary>Writes every byte once, so that no run meets a hole.</summary>
    public static IReadOnlyList<string> Fill(FioTarget target, long size, string output) =>
    [
        .. Common(target, output),
        "--name=fill", "--rw=write", "--bs=1M", "--iodepth=4", $"--size={size}",
    ];

    /// <summary>128 KiB reads, with a log of the bandwidth in each interval.</summary>
    public static IReadOnlyList<string> Rates(
        FioTarget target, TimeSpan length, long size, TimeSpan interval, string log,
        string output) =>
    [
        .. Common(target, output),
        "--name=rates", "--rw=randread", "--norandommap", "--bs=128k", "--iodepth=32",
        $"--size={size}", "--time_based",
        string.Create(CultureInfo.InvariantCulture, $"--runtime={length.TotalMilliseconds:0}ms"),
        $"--write_bw_log={log}",
        string.Create(CultureInfo.InvariantCulture,
            $"--log_avg_msec={interval.TotalMilliseconds:0}"),
        string.Create(CultureInfo.InvariantCulture,
            $"--bwavgtime={interval.TotalMilliseconds:0}"),
    ];

    private static string[] Common(FioTarget target, string output) =>
    [
        "fio", "--output-format=json", $"--output={output}", "--eta=never",
        "--thread", "--group_reporting",
        // The default clock is calibrated for 0.1 s at each start, and wrongly on a busy machine.
        "--clocksource=clock_gettime",
        // Reads and writes in one histogram: percentiles of two cannot be joined afterwards.
        "--unified_rw_reporting=mixed",
        // Total latency: an engine that sends while it submits hides time from clat.
        "--lat_percentiles=1", "--clat_percentiles=0", "--percentile_list=50:99:99.9",
        .. target.Options(),
    ];

    private static IEnumerable<string> Job(Cell cell, bool isSynchronous, long size)
    {
        Workload workload = cell.Workload;
        yield return $"--name={cell.Name}";
        yield return $"--rw={workload.Rw}";
        yield return $"--bs={workload.BlockSize}";
        int jobs = cell.Connections * (isSynchronous ? cell.Depth : 1);
        yield return $"--iodepth={(isSynchronous ? 1 : cell.Depth)}";
        yield return $"--numjobs={jobs}";
        if (cell.Rate is int rate) yield return $"--rate_iops={rate}";
        if (workload.ReadPercent is int percent) yield return $"--rwmixread={percent}";
        if (workload.IsRandom)
        {
            yield return $"--size={size}";
            yield return "--norandommap";
            yield break;
        }
        // Sequential clients each have a part of their own, or they would walk in step.
        long part = size / jobs / workload.BlockSize * workload.BlockSize;
        yield return $"--size={part}";
        yield return $"--offset_increment={part}";
    }
}
