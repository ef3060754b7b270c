// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Interop.Chaos;

/// <summary>What should not have been. Threads: all may add.</summary>
internal sealed class Findings(Trace trace)
{
    private readonly Lock _lock = new();
    private readonly List<string> _errors = [];
    private readonly Dictionary<ReadVerdict, int> _mismatches = [];

    public IReadOnlyList<string> Errors
    {
        get
        {
            lock (_lock) return [.. _errors];
        }
    }

    /// <summary>Blocks with bytes of an older write than they may have.</summary>
    public int Stale => CountOf(ReadVerdict.Stale);

    /// <summary>Blocks with bytes that nobody has written there.</summary>
    public int Corrupt => CountOf(ReadVerdict.Corrupt);

    public void Error(string text)
    {
        lock (_lock) _errors.Add(text);
        trace.Add($"ERROR {text}");
    }

    public void Mismatch(ReadVerdict verdict, TimeSpan began, int block, List<long> writes)
    {
        lock (_lock) _mismatches[verdict] = CountOf(verdict) + 1;
        trace.Add($"MISMATCH {verdict} in block {block}: writes {string.Join(", ", writes)}, "
            + $"by a read that began at {ChaosClock.Text(began)}");
    }

    private int CountOf(ReadVerdict verdict)
    {
        lock (_lock) return _mismatches.GetValueOrDefault(verdict);
    }
}
