// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Tests.Fuzz;

/// <summary>What became of an input.</summary>
/// <param name="Input">The text.</param>
/// <param name="IsGood">Read without complaint.</param>
/// <param name="Problem">What must not be; null for nothing.</param>
internal sealed record FuzzOutcome(string Input, bool IsGood, string? Problem);

/// <summary>
/// Makes inputs for a target by number and holds each against what an input may do: the declared
/// exceptions, so many bytes, so much time.
/// </summary>
internal sealed class Fuzzer(FuzzTarget target, ulong seed)
{
    /// <summary>An input that computes for longer is as good as a hang to whoever waits.</summary>
    public static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(20);

    public FuzzTarget Target => target;

    /// <summary>The number of the input that is being read.</summary>
    public long Current { get; private set; }

    public long Done { get; private set; }

    public long Good { get; private set; }

    /// <summary>Makes and reads the input of that number; the same each time.</summary>
    public FuzzOutcome Run(long number)
    {
        Current = number;
        string input = target.Make(new LoopRandom(Mix(seed, number)));
        long before = GC.GetAllocatedBytesForCurrentThread();
        // The process's own time: a busy machine may let it wait for longer than any input takes.
        TimeSpan start = Environment.CpuUsage.TotalTime;
        bool isGood = false;
        string? problem = null;
        try
        {
            isGood = target.Read(input);
        }
        catch (Exception error)
        {
            problem = error.ToString();
        }
        TimeSpan time = Environment.CpuUsage.TotalTime - start;
        long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        long most = target.MaxBytes(input.Length);
        if (bytes > most) problem ??= $"it allocated {bytes} bytes, more than {most}";
        if (time > MaxTime) problem ??= $"it took {time.TotalSeconds:0.0} s";
        Done++;
        if (isGood) Good++;
        return new FuzzOutcome(input, isGood, problem);
    }

    /// <summary>
    /// Neighbouring numbers have nothing in common (the finaliser of splitmix64). Never 0.
    /// </summary>
    private static ulong Mix(ulong seed, long number)
    {
        ulong mixed = (seed * 0x9E3779B97F4A7C15) + (ulong)number + 1;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return (mixed ^ (mixed >> 31)) | 1;
    }
}
