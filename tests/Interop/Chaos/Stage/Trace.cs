// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Interop.Chaos;

/// <summary>
/// What has happened, line by line: faults, what Braid said of it, stalls. Threads: all may add.
/// </summary>
internal sealed class Trace
{
    private readonly Lock _lock = new();
    private readonly List<(TimeSpan Time, string Text)> _lines = [];

    public void Add(string text) => Add(ChaosClock.Now, text);

    public void Add(TimeSpan time, string text)
    {
        lock (_lock) _lines.Add((time, text));
    }

    /// <summary>In the order of time.</summary>
    public IReadOnlyList<string> Lines()
    {
        lock (_lock)
        {
            return [.. _lines.OrderBy(line => line.Time)
                .Select(line => $"{ChaosClock.Text(line.Time),9}  {line.Text}")];
        }
    }
}
