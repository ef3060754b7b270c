// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Block;

/// <summary>What is done about writes whose path was given up (stale_write_guard).</summary>
public enum StaleWriteGuard
{
    /// <summary>Nothing: a late copy may overwrite what was written since.</summary>
    Off,

    /// <summary>
    /// They are waited for until they have been answered, or their path's quiesce time has passed.
    /// </summary>
    Time,

    /// <summary>Until they have been answered, or somebody says that they are dead.</summary>
    Proof,
}

/// <summary>
/// A write, discard or write-zeroes that a path was sent and never answered before it was given up:
/// a late copy of it may still land, until the transport knows better. Made by the transport,
/// handed up with the request (<see cref="Request.Stale"/>), for whoever holds back later writes to
/// the same range. On the path's loop.
/// </summary>
public sealed class StaleWrite
{
    private readonly List<Action> _waiters = [];
    private int _copies = 1;

    /// <summary>No copy can land any more.</summary>
    public bool IsQuiet => _copies == 0;

    /// <summary>Calls back once when no copy can land any more, perhaps at once.</summary>
    public void WhenQuiet(Action callback)
    {
        if (IsQuiet) callback();
        else _waiters.Add(callback);
    }

    /// <summary>The transport's word: the copy has landed, or never will.</summary>
    public void End()
    {
        Invariant.That(_copies > 0);
        if (--_copies > 0) return;
        foreach (Action waiter in _waiters) waiter();
        _waiters.Clear();
    }

    /// <summary>One that is quiet when both are; null when none is there.</summary>
    public static StaleWrite? Join(StaleWrite? first, StaleWrite? second)
    {
        if (first is null || first == second || first.IsQuiet) return second;
        if (second is null || second.IsQuiet) return first;
        var both = new StaleWrite { _copies = 2 };
        first.WhenQuiet(both.End);
        second.WhenQuiet(both.End);
        return both;
    }
}
