// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Braid.Tests.Interop.Chaos;

/// <summary>
/// `./chaos`: runs, reports, and says by its status whether every promise was kept.
/// </summary>
internal static class ChaosCommand
{
    private const int Ok = 0;
    private const int Failed = 1;

    public static Task<int> RunAsync(string[] args) => CommandLine.RunAsync(
        ChaosOptions.CreateCommand(), args, ChaosOptions.Read, GuardAsync);

    /// <summary>A signal ends the run early: it still takes down what it started.</summary>
    private static async Task<int> GuardAsync(ChaosOptions options)
    {
        using var cancel = new CancellationTokenSource();
        PosixSignalRegistration[] signals =
        [
            .. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(
                signal => PosixSignalRegistration.Create(signal, context =>
                {
                    context.Cancel = true;
                    cancel.Cancel();
                })),
        ];
        try
        {
            return options.MeasuresStall
                ? await MeasureAsync(options, cancel.Token)
                : await PlayAsync(options, cancel.Token);
        }
        catch (Exception error) when (error is ChaosException or Xunit.Sdk.XunitException)
        {
            Console.Error.WriteLine($"chaos: {error.Message}");
            return Failed;
        }
        finally
        {
            foreach (PosixSignalRegistration signal in signals) signal.Dispose();
        }
    }

    private static async Task<int> PlayAsync(ChaosOptions options, CancellationToken cancel)
    {
        var run = new ChaosRun(options);
        Console.WriteLine(options.Command);
        Task<ChaosReport> running = run.RunAsync(cancel);
        await ShowAsync(run, running);
        ChaosReport report = await running;
        Console.WriteLine(report.Text());
        if (!report.IsGood) Console.WriteLine($"what happened: {SaveTrace(run.Trace, options)}");
        return report.IsGood && !cancel.IsCancellationRequested ? Ok : Failed;
    }

    private static async Task<int> MeasureAsync(ChaosOptions options, CancellationToken cancel)
    {
        bool isGood = true;
        Console.WriteLine(StallTable.Head);
        Findings findings = await new StallRun(options).RunAsync(
            row =>
            {
                Console.WriteLine(StallTable.Line(row));
                isGood &= row.IsUndisturbed && row.Free <= options.Bound
                    && row.Held <= options.HeldBound(1);
            },
            cancel);
        foreach (string error in findings.Errors) Console.WriteLine(error);
        isGood &= findings is { Errors.Count: 0, Stale: 0, Corrupt: 0 };
        Console.WriteLine(isGood ? "every promise was kept" : "A PROMISE WAS BROKEN");
        return isGood && !cancel.IsCancellationRequested ? Ok : Failed;
    }

    /// <summary>A line of progress, at a terminal.</summary>
    private static async Task ShowAsync(ChaosRun run, Task running)
    {
        if (Console.IsOutputRedirected) return;
        while (await Task.WhenAny(running, Task.Delay(1000)) != running)
            Console.Write($"\r{ChaosClock.Now.TotalSeconds:0} s, {run.Faults} faults ");
        Console.Write("\r");
    }

    private static string SaveTrace(Trace trace, ChaosOptions options)
    {
        // artifacts/bin/Braid.Tests.Interop/CONFIGURATION/
        string artifacts = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Parent!.Parent!
            .FullName;
        string file = Path.Combine(
            artifacts, FormattableString.Invariant($"chaos-{options.Seed}.txt"));
        File.WriteAllLines(file, trace.Lines());
        return file;
    }
}
