// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;

namespace Braid.Bench.Macro;

/// <summary>A process of ours: its output goes to a log, and disposing ends it.</summary>
internal sealed class ChildProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly Process _process;
    private readonly string _log;

    private ChildProcess(Process process, string log) => (_process, _log) = (process, log);

    public int Pid => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>The last line it wrote, or the headline of a .NET crash.</summary>
    public string LastWords
    {
        get
        {
            string[] lines = File.Exists(_log) ? File.ReadAllLines(_log) : [];
            string? line = Array.FindLast(lines, IsCrash)
                ?? Array.FindLast(lines, text => !string.IsNullOrWhiteSpace(text));
            return line?.Trim() ?? "it wrote nothing";
        }
    }

    /// <summary>Starts the command by a shell that sends its output to the log.</summary>
    public static ChildProcess Start(IReadOnlyList<string> command, string log)
    {
        var start = new ProcessStartInfo("/bin/sh")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
        };
        foreach (string word in (string[])["-c", "exec \"$@\" >>\"$0\" 2>&1", log])
            start.ArgumentList.Add(word);
        foreach (string word in command) start.ArgumentList.Add(word);
        return new ChildProcess(Starter.Start(start), log);
    }

    public void Signal(int signal)
    {
        if (!_process.HasExited) _ = Libc.Kill(_process.Id, signal);
    }

    public async Task<bool> WaitAsync(TimeSpan limit, CancellationToken cancel)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timer.CancelAfter(limit);
        try
        {
            await _process.WaitForExitAsync(timer.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return false;
        }
    }

    public void Dispose()
    {
        if (_process.HasExited) return;
        foreach (int pid in ProcessTree.Of(_process.Id)) _ = Libc.Kill(pid, Libc.SigTerm);
        if (!_process.WaitForExit(Patience)) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private static bool IsCrash(string line) =>
        line.StartsWith("Unhandled exception", StringComparison.Ordinal)
        || line.StartsWith("Process terminated", StringComparison.Ordinal);
}
