// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Braid.Tests.Interop.Support;

/// <summary>
/// One process of a test: a server, a client, Braid itself. Keeps what it prints, and takes the
/// signals that a story sends it. Killed in the end, whatever has become of the test.
/// </summary>
internal sealed partial class Peer : IAsyncDisposable
{
    private const int SigHup = 1;
    private const int SigUsr1 = 10;
    private const int SigInt = 2;
    private const int SigKill = 9;
    private const int SigTerm = 15;
    private const int SigCont = 18;
    private const int SigStop = 19;

    private readonly Process _process;
    private readonly Captured _output = new();
    private readonly Captured _errors = new();

    private Peer(string name, Process process)
    {
        Name = name;
        _process = process;
        process.OutputDataReceived += (_, line) => _output.Add(line.Data);
        process.ErrorDataReceived += (_, line) =>
        {
            _errors.Add(line.Data);
            if (line.Data is { } text) ErrorLine?.Invoke(text);
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.StandardInput.Close();
    }

    /// <summary>Hears of each line of its standard error, on the runtime's reader.</summary>
    public event Action<string>? ErrorLine;

    public string Name { get; }

    public int Pid => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>When it has ended, UTC.</summary>
    public DateTime ExitTime => _process.ExitTime.ToUniversalTime();

    /// <summary>Lines of its standard output so far.</summary>
    public IReadOnlyList<string> Output => _output.Lines;

    /// <summary>Lines of its standard error so far.</summary>
    public IReadOnlyList<string> Errors => _errors.Lines;

    public static async Task<Peer> StartAsync(
        string name, string program, IEnumerable<string> arguments, string folder) =>
        new(name, await Spawner.StartAsync(program, arguments, folder));

    public void Kill() => Send(SigKill);

    /// <summary>
    /// Stops it, all of its threads: on a busy machine one may go on for a while, and answer what
    /// the test wants it to hang with.
    /// </summary>
    public void Stop()
    {
        Send(SigStop);
        var clock = Stopwatch.StartNew();
        while (!HasExited && !AreAllStopped())
        {
            if (clock.Elapsed > Eventually.Patience) Assert.Fail($"{this} does not stop");
            Thread.Sleep(1);
        }
    }

    private bool AreAllStopped()
    {
        try
        {
            return Directory.GetDirectories($"/proc/{Pid}/task").All(IsStopped);
        }
        catch (DirectoryNotFoundException)
        {
            // It has ended meanwhile.
            return true;
        }
    }

    /// <summary>The state is the first word behind the name, which may hold anything.</summary>
    private static bool IsStopped(string task)
    {
        try
        {
            string stat = File.ReadAllText(Path.Combine(task, "stat"));
            return stat[stat.LastIndexOf(')') + 2] is 'T' or 'Z' or 'X';
        }
        catch (IOException)
        {
            // The thread has ended meanwhile.
            return true;
        }
    }

    public void Continue() => Send(SigCont);

    public void Terminate() => Send(SigTerm);

    public void HangUp() => Send(SigHup);

    public void Interrupt() => Send(SigInt);

    public void AskForReport() => Send(SigUsr1);

    /// <summary>Waits until it has ended and all that it printed is here.</summary>
    public async Task<int> WaitForExitAsync()
    {
        await Eventually.IsTrueAsync(
            () => HasExited && _output.IsWhole && _errors.IsWhole, () => $"{this} ends");
        return ExitCode;
    }

    /// <summary>Ends it by a signal, and returns when it has ended.</summary>
    public async Task StopByAsync(Action signal)
    {
        signal();
        await WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>For messages: what it is and what it has printed.</summary>
    public override string ToString() =>
        $"{Name}{(HasExited ? $" (exit {ExitCode})" : "")}"
        + string.Concat(Output.Select(line => $"\n    {line}"))
        + string.Concat(Errors.Select(line => $"\n  ! {line}"));

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int pid, int signal);

    private void Send(int signal)
    {
        if (!_process.HasExited) _ = SendSignal(_process.Id, signal);
    }

    /// <summary>Lines of one stream. Threads: the runtime's readers add, tests read.</summary>
    private sealed class Captured
    {
        private readonly List<string> _lines = [];

        public bool IsWhole { get; private set; }

        public IReadOnlyList<string> Lines
        {
            get
            {
                lock (_lines) return [.. _lines];
            }
        }

        public void Add(string? line)
        {
            lock (_lines)
            {
                if (line is null) IsWhole = true;
                else _lines.Add(line);
            }
        }
    }
}
