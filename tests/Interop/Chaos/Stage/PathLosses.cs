// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Interop.Chaos;

/// <summary>When Braid told that it had lost a path. Threads: one adds, all may look.</summary>
internal sealed class PathLosses
{
    private const string Path = " path ";
    private const string Down = ": down: ";

    /// <summary>Of a path that was down already: it has given up no I/O.</summary>
    private static readonly string[] Attempts =
        ["connect ", "no connection within", "the peer closed the connection"];

    private readonly Lock _lock = new();
    private readonly List<(string Path, TimeSpan Time, bool HadConnection)> _all = [];

    /// <summary>When I/O was given up, on whatever path.</summary>
    public IReadOnlyList<TimeSpan> Times
    {
        get
        {
            lock (_lock)
                return [.. _all.Where(loss => loss.HadConnection).Select(loss => loss.Time)];
        }
    }

    /// <summary>Takes a line of Braid's log.</summary>
    public void Hear(string line, TimeSpan time)
    {
        int end = line.IndexOf(Down, StringComparison.Ordinal);
        if (end < 0) return;
        int start = line.LastIndexOf(Path, end, StringComparison.Ordinal) + Path.Length;
        string reason = line[(end + Down.Length)..];
        bool hadConnection = !Attempts.Any(
            attempt => reason.StartsWith(attempt, StringComparison.Ordinal));
        lock (_lock) _all.Add((line[start..end], time, hadConnection));
    }

    /// <summary>When a path was lost after that time, or not reached; null for not yet.</summary>
    public TimeSpan? After(string path, TimeSpan time)
    {
        lock (_lock)
        {
            int at = _all.FindIndex(loss => loss.Path == path && loss.Time > time);
            return at < 0 ? null : _all[at].Time;
        }
    }
}
