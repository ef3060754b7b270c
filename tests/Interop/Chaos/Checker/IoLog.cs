// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Interop.Chaos;

/// <summary>An I/O that took long.</summary>
internal readonly record struct SlowIo(TimeSpan Began, TimeSpan Ended, string What)
{
    public TimeSpan Time => Ended - Began;
}

/// <summary>How long the I/Os of one kind of client took. Threads: all workers; one lock.</summary>
internal sealed class IoLog
{
    /// <summary>What takes longer is kept with its time, to be looked at later.</summary>
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly List<SlowIo> _slow = [];
    private readonly List<(TimeSpan Ended, TimeSpan Time)> _all = [];

    public long Count
    {
        get
        {
            lock (_lock) return _all.Count;
        }
    }

    public IReadOnlyList<SlowIo> SlowOnes
    {
        get
        {
            lock (_lock) return [.. _slow];
        }
    }

    public void Add(TimeSpan began, TimeSpan ended, string what)
    {
        lock (_lock)
        {
            _all.Add((ended, ended - began));
            if (ended - began >= Slow) _slow.Add(new SlowIo(began, ended, what));
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
