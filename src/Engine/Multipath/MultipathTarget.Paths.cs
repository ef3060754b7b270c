// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;

namespace Braid.Multipath;

/// <summary>The five verbs: fail and reinstate a path, bypass, enable and switch a group.</summary>
public sealed partial class MultipathTarget
{
    /// <summary>Takes a path out of use; nothing happens to one that has failed before.</summary>
    public void FailPath(PgPath path)
    {
        if (Fail(path)) _host.RaiseEvent();
    }

    /// <summary>The same, for what the map itself has sent there.</summary>
    public void FailPath(RequestQueue path)
    {
        foreach (PriorityGroup group in _groups)
            foreach (PgPath member in group.Paths)
                if (member.Queue == path) FailPath(member);
    }

    /// <summary>Puts a path back into use; nothing happens to one that works.</summary>
    public void ReinstatePath(PgPath path)
    {
        if (Reinstate(path)) _host.RaiseEvent();
    }

    private bool Fail(PgPath path)
    {
        if (!path.IsActive) return false;
        _host.Log($"Failing path {path.Device.Name}.");
        path.Group.Selector.FailPath(path);
        path.IsActive = false;
        path.FailCount++;
        ValidPaths--;
        if (path == _currentPath) _currentPath = null;
        _noPath.StartClock();
        // Last: it may reinstate another path, when this was the only one.
        _host.PathChanged(path.Device, isActive: false, ValidPaths);
        return true;
    }

    private bool Reinstate(PgPath path)
    {
        if (path.IsActive) return false;
        _host.Log($"Reinstating path {path.Device.Name}.");
        path.Group.Selector.ReinstatePath(path);
        path.IsActive = true;
        if (++ValidPaths == 1)
        {
            _currentPath = null;
            RunQueue();
        }
        else if (Handler is not null && path.Group == _currentGroup)
        {
            _activation.StartFor(path);
        }
        _noPath.StopClock();
        _host.PathChanged(path.Device, isActive: true, ValidPaths);
        return true;
    }

    /// <summary>disable_group and enable_group: the next I/O chooses anew.</summary>
    public void BypassGroup(PriorityGroup group, bool bypassed)
    {
        group.IsBypassed = bypassed;
        _currentPath = null;
        _currentGroup = null;
        _host.RaiseEvent();
    }

    /// <summary>switch_group: no group is bypassed any more, this one is tried first.</summary>
    public void SwitchGroup(PriorityGroup group)
    {
        foreach (PriorityGroup other in _groups) other.IsBypassed = false;
        _currentPath = null;
        _currentGroup = null;
        _nextGroup = group;
        _host.RaiseEvent();
    }

    /// <summary>queue_if_no_path and fail_if_no_path: turned off, what waits fails now.</summary>
    public void SetQueueIfNoPath(bool queue)
    {
        if (!queue) _noPath.StopClock();
        _noPath.Set(queue);
        if (queue) _noPath.StartClock();
    }

    /// <summary>A message, its words as `dmsetup message` takes them; names ignore case.</summary>
    public void Message(IReadOnlyList<string> words)
    {
        string name = words.Count > 0 ? words[0].ToLowerInvariant() : "";
        if (words.Count == 1 && name is "queue_if_no_path" or "fail_if_no_path")
            SetQueueIfNoPath(name == "queue_if_no_path");
        else if (words.Count != 2)
            throw new MessageException(
                $"multipath takes a message and its argument, not {words.Count} words");
        else
            Message(name, words[1]);
    }

    /// <summary>Maps again whatever waits for a path, in the mapper's queue or here.</summary>
    internal void RunQueue()
    {
        _host.KickRequeueList();
        _held.Process();
    }

    private void Message(string name, string argument)
    {
        switch (name)
        {
            case "disable_group":
                BypassGroup(Group(argument), bypassed: true);
                break;
            case "enable_group":
                BypassGroup(Group(argument), bypassed: false);
                break;
            case "switch_group":
                SwitchGroup(Group(argument));
                break;
            case "fail_path":
                ForEachPath(argument, Fail);
                break;
            case "reinstate_path":
                ForEachPath(argument, Reinstate);
                break;
            default:
                throw new MessageException(
                    $"unrecognised multipath message '{name} {argument}'");
        }
    }

    private PriorityGroup Group(string word)
    {
        if (TableWords.TryNumber(word, out uint number) && number >= 1 && number <= _groups.Count)
            return _groups[(int)number - 1];
        throw new MessageException(
            $"invalid PG number '{word}', the map has {_groups.Count} groups");
    }

    /// <summary>
    /// A path may be there several times: the verb is for all of them, and makes one event.
    /// </summary>
    private void ForEachPath(string name, Func<PgPath, bool> action)
    {
        BlockDevice device = FindDevice(name);
        bool found = false;
        bool changed = false;
        foreach (PriorityGroup group in _groups)
        {
            foreach (PgPath path in group.Paths)
            {
                if (path.Device != device) continue;
                found = true;
                changed |= action(path);
            }
        }
        if (changed) _host.RaiseEvent();
        if (!found) throw new MessageException($"'{name}' is no path of this map");
    }

    private BlockDevice FindDevice(string name)
    {
        try
        {
            return _context.Devices.Find(name);
        }
        catch (TableException error)
        {
            throw new MessageException(error.Message);
        }
    }
}
