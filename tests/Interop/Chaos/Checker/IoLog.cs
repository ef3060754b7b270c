// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Interop.Chaos;

/// <summary>An I/O with its time, and the blocks that it was for.</summary>
internal readonly record struct TimedIo(
    TimeSpan Began, TimeSpan Ended, string What, int First, int Count)
{
    public TimeSpan Time => Ended - Began;

    /// <summary>
    /// Whether it may have waited for the copy of another write, whose path was given up at the
    /// end of the I/O timeout, to be quiet. Neighbours count, too: they are merged.
    /// </summary>
    public bool MayHaveWaitedFor(TimedIo other, TimeSpan ioTimeout) =>
        this != other && What == "write" && other.What == "write"
        && Began < other.Began + (2 * ioTimeout) && Ended > other.Began + (ioTimeout / 2)
        && First - Checker.MaxBlocks <= other.First + other.Count
        && other.First - Checker.MaxBlocks <= First + Count;
}

/// <summary>How long the I/Os of one kind of client took. Threads: all workers; one lock.</summary>
internal sealed class IoLog
{
    /// <summary>What takes longer is kept with its time, to be looked at later.</summary>
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly List<TimedIo> _slow = [];
    private readonly List<(TimeSpan Ended, TimeSpan Time)> _all = [];

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
            lock (_lock) return [.. _slow];
        }
    }

    public void Add(TimedIo io)
    {
        lock (_lock)
        {
            _all.Add((io.Ended, io.Time));
            if (io.Time >= Slow) _slow.Add(io);
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
