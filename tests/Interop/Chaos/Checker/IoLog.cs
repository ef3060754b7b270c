// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Interop.Chaos;

/// <summary>An I/O with its time, and the blocks that it was for.</summary>
internal readonly record struct TimedIo(
    TimeSpan Began, TimeSpan Ended, string What, int First, int Count)
{
    public TimeSpan Time => Ended - Began;

    /// <summary>
    /// Whether both are writes to the same blocks. Neighbours count, too: they are merged.
    /// </summary>
    public bool IsNear(TimedIo other) =>
        What == "write" && other.What == "write"
        && First - Checker.MaxBlocks <= other.First + other.Count
        && other.First - Checker.MaxBlocks <= First + Count;
}

/// <summary>How long the I/Os of one kind of client took. Threads: all workers; one lock.</summary>
internal sealed class IoLog
{
    /// <summary>What takes longer is looked at.</summary>
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly List<TimedIo> _all = [];

    public long Count
    {
        get
        {
            lock (_lock) return _all.Count;
        }
    }

    public IReadOnlyList<TimedIo> SlowOnes
    {
        get
        {
            lock (_lock) return [.. _all.Where(io => io.Time >= Slow)];
        }
    }

    public void Add(TimedIo io)
    {
        lock (_lock)
        {
            _all.Add(io);
        }
    }

    /// <summary>Those that began before a time and were not over long before it.</summary>
    public IReadOnlyList<TimedIo> UnderWayAt(TimeSpan time, TimeSpan slack)
    {
        lock (_lock)
        {
            return [.. _all.Where(io => io.Began <= time && io.Ended >= time - slack)];
        }
    }

    /// <summary>The times of those that ended within, the shortest first.</summary>
    public TimeSpan[] Between(TimeSpan from, TimeSpan to)
    {
        lock (_lock)
        {
            return [.. from io in _all
                where io.Ended >= @from && io.Ended < to
                orderby io.Time
                select io.Time];
        }
    }
}
