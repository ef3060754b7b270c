// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Braid.Bench.Macro;

/// <summary>
/// Counts a process's system calls from outside, with `perf stat` on the kernel's tracepoint. It
/// costs the process about a tenth of a microsecond a call, so it is for a pass of its own.
/// </summary>
internal sealed class SystemCallCounter(ChildProcess perf, string output) : IDisposable
{
    /// <summary>perf does not say when it is attached: some tens of milliseconds.</summary>
    private static readonly TimeSpan AttachTime = TimeSpan.FromMilliseconds(300);

    public static async Task<SystemCallCounter> AttachAsync(
        int pid, Workspace workspace, CancellationToken cancel)
    {
        string output = workspace.NewFile("perf.csv");
        string pids = string.Join(',', ProcessTree.Of(pid));
        var counter = new SystemCallCounter(
            ChildProcess.Start(
                ["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-o", output, "-p", pids],
                workspace.NewFile("perf.log")),
            output);
        await Task.Delay(AttachTime, cancel);
        return counter;
    }

    public async Task<long> StopAsync(CancellationToken cancel)
    {
        perf.Signal(Libc.SigInt);
        if (!await perf.WaitAsync(TimeSpan.FromSeconds(5), cancel) || !File.Exists(output))
            throw new BenchException($"perf does not count system calls: {perf.LastWords}");
        return Parse(await File.ReadAllTextAsync(output, cancel));
    }

    /// <summary>Reads `COUNT,,raw_syscalls:sys_enter,...`.</summary>
    public static long Parse(string text)
    {
        string? line = text.Split('\n').FirstOrDefault(
            candidate => candidate.Contains(",raw_syscalls:", StringComparison.Ordinal));
        string count = line?.Split(',')[0] ?? "";
        return long.TryParse(count, CultureInfo.InvariantCulture, out long value)
            ? value
            : throw new BenchException($"perf does not count system calls here: '{count}'");
    }

    public void Dispose() => perf.Dispose();
}
