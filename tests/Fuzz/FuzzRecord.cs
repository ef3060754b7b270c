// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;

namespace Braid.Tests.Fuzz;

/// <summary>
/// Which input is being read, kept where it outlives the process: an input may end it, by a stack
/// that overflows, or never come back. Threads: written by the one that fuzzes, read by the watch.
/// </summary>
internal sealed class FuzzRecord : IDisposable
{
    /// <summary>The script shows what this file says when the process dies.</summary>
    private const string FileVariable = "BRAID_FUZZ_RECORD";

    private readonly FileStream? _file;
    private readonly ulong _seed;
    private string _target = "";
    private long _number;
    private long _begunAt;

    public FuzzRecord(ulong seed)
    {
        _seed = seed;
        string? path = Environment.GetEnvironmentVariable(FileVariable);
        // A buffer of 0: what is written is the kernel's, whatever becomes of this process.
        if (path is not null) _file = new FileStream(path, FileMode.Create, FileAccess.Write,
            FileShare.ReadWrite, bufferSize: 0);
    }

    public static string Command(ulong seed, string target, long number) =>
        $"./fuzz --seed {seed} --target {target} --input {number}";

    public void Begin(string target, long number)
    {
        Volatile.Write(ref _begunAt, Stopwatch.GetTimestamp());
        _target = target;
        Volatile.Write(ref _number, number);
        if (_file is null) return;
        _file.Position = 0;
        _file.Write(System.Text.Encoding.ASCII.GetBytes(
            $"{Command(_seed, target, number)}                    \n"));
    }

    /// <summary>Ends the process when the input has not come back for twice that time.</summary>
    public void EndIfHung(TimeSpan limit)
    {
        if (Stopwatch.GetElapsedTime(Volatile.Read(ref _begunAt)) < 2 * limit) return;
        Console.WriteLine();
        Console.WriteLine($"{_target}: an input does not come back");
        Console.WriteLine($"replay: {Command(_seed, _target, Volatile.Read(ref _number))}");
        Environment.Exit(1);
    }

    public void Dispose() => _file?.Dispose();
}
