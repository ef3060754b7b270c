// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>Runs fio and insists on a run without any fault.</summary>
internal sealed class Fio(Workspace workspace, long size)
{
    /// <summary>What a run may take beyond its length before it counts as hung.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public Task<FioReport> MeasureAsync(
        Cell cell, FioTarget target, TimeSpan length, CancellationToken cancel) =>
        MeasureAsync(cell, target, TimeSpan.Zero, length, cancel);

    /// <summary>What is done in the beginning is not counted.</summary>
    public async Task<FioReport> MeasureAsync(
        Cell cell, FioTarget target, TimeSpan before, TimeSpan length, CancellationToken cancel)
    {
        string output = workspace.NewFile("fio.json");
        IReadOnlyList<string> command = before == TimeSpan.Zero
            ? FioCommand.Measure(cell, target, length, size, output)
            : FioCommand.Measure(cell, target, before, length, size, output);
        FioReport report = await RunAsync(command, output, before + length, cancel);
        return report.Fault(length) is string fault ? throw new BenchException(fault) : report;
    }

    public Task FillAsync(FioTarget target, CancellationToken cancel)
    {
        string output = workspace.NewFile("fill.json");
        return RunAsync(FioCommand.Fill(target, size, output), output, TimeSpan.Zero, cancel);
    }

    private async Task<FioReport> RunAsync(
        IReadOnlyList<string> command, string output, TimeSpan length, CancellationToken cancel)
    {
        using ChildProcess fio = ChildProcess.Start(command, workspace.NewFile("fio.log"));
        if (!await fio.WaitAsync(length + Patience, cancel))
            throw new BenchException($"fio hung: {Patience.TotalSeconds:0} s after its end");
        if (fio.ExitCode != 0)
            throw new BenchException($"fio ended with status {fio.ExitCode}: {fio.LastWords}");
        try
        {
            return FioReport.Parse(await File.ReadAllTextAsync(output, cancel));
        }
        catch (FormatException exception)
        {
            throw new BenchException(exception.Message);
        }
    }
}
