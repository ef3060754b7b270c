// SPDX-License-Identifier: Apache-2.0
namespace Braid.Multipath;

/// <summary>Choosing a path: choose_pgpath of dm-mpath.c.</summary>
public sealed partial class MultipathTarget
{
    /// <summary>
    /// The path for an I/O; null when none works. Switches groups when it has to.
    /// </summary>
    private PgPath? ChoosePath(long bytes)
    {
        if (ValidPaths == 0)
        {
            _queueIo = false;
            return ChooseNone();
        }
        // The current group is left only when it has no path, or when it was told to.
        if (_currentGroup is { } current && current.Selector.SelectPath(bytes) is { } same)
        {
            _currentPath = same;
            return same;
        }
        if (TakeNextGroup() is { } next && ChooseIn(next, bytes) is { } wished) return wished;
        if (Scan(bytes, bypassed: false) is { } found) return found;
        if (Scan(bytes, bypassed: true) is not { } lastResort) return ChooseNone();
        _activation.DelayNextRound();
        return lastResort;
    }

    private PriorityGroup? TakeNextGroup()
    {
        PriorityGroup? next = _nextGroup;
        _nextGroup = null;
        return next;
    }

    private PgPath? Scan(long bytes, bool bypassed)
    {
        for (int i = 0; i < _groups.Count; i++)
        {
            PriorityGroup group = _groups[i];
            if (group.IsBypassed == bypassed && ChooseIn(group, bytes) is { } path) return path;
        }
        return null;
    }

    /// <summary>
    /// choose_path_in_pg: the selector's path, which makes its group the current one.
    /// </summary>
    private PgPath? ChooseIn(PriorityGroup group, long bytes)
    {
        PgPath? path = group.Selector.SelectPath(bytes);
        if (path is null) return null;
        _currentPath = path;
        if (group != _currentGroup)
        {
            _currentGroup = group;
            _queueIo = _activation.OnSwitch(Handler is not null);
        }
        return path;
    }

    private PgPath? ChooseNone()
    {
        _currentPath = null;
        _currentGroup = null;
        return null;
    }
}
