// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Mapper;

namespace Braid.Multipath;

/// <summary>
/// The request-based multipath target (drivers/md/dm-mpath.c): priority groups of paths, a selector
/// in each; fails over on a path error and holds nothing itself. On the loop of its device.
/// </summary>
public sealed partial class MultipathTarget : IRequestTarget, IBioTarget
{
    private readonly ITargetHost _host;
    private readonly List<PriorityGroup> _groups = [];
    private readonly HeldBios _held;

    /// <summary>The group in use; null until an I/O has chosen one, and after a switch.</summary>
    private PriorityGroup? _currentGroup;

    /// <summary>Not null while the current group may be used without choosing anew.</summary>
    private PgPath? _currentPath;

    /// <summary>The group to be tried first, once (initial group, switch_group).</summary>
    private PriorityGroup? _nextGroup;

    /// <summary>
    /// Set until a group is initialised; without a handler that is at its first choice.
    /// </summary>
    private bool _queueIo = true;

    internal MultipathTarget(ITargetHost host, MultipathFeatures features)
    {
        _host = host;
        Features = features;
        _held = new HeldBios(this, host);
    }

    public string TypeName => "multipath";

    public MultipathFeatures Features { get; }

    public IReadOnlyList<PriorityGroup> Groups => _groups;

    /// <summary>Paths that have not failed, in all groups.</summary>
    public int ValidPaths { get; private set; }

    /// <summary>The group in use, or null before the first I/O and after a switch.</summary>
    public PriorityGroup? CurrentGroup => _currentGroup;

    public bool PrefersBios => Features.QueueMode == QueueMode.Bio;

    public IEnumerable<BlockDevice> Devices =>
        _groups.SelectMany(group => group.Paths).Select(path => path.Device).Distinct();

    /// <summary>
    /// multipath_busy: only if a request would be mapped now, and every working path of the group
    /// that would take it is congested.
    /// </summary>
    public bool IsBusy
    {
        get
        {
            // Would be queued for want of a path: not busy, or the mapper would keep it.
            if (ValidPaths == 0 && Features.QueueIfNoPath) return false;
            PriorityGroup? group = _currentGroup;
            if (_currentPath is null && _nextGroup is not null) group = _nextGroup;
            return group is not null && IsCongested(group);
        }
    }

    internal void Add(PriorityGroup group)
    {
        Invariant.That(group.Number == _groups.Count + 1);
        _groups.Add(group);
        ValidPaths += group.Paths.Count;
    }

    /// <summary>The group that the table names as the initial one.</summary>
    internal void StartWith(PriorityGroup? group) => _nextGroup = group;

    private static bool IsCongested(PriorityGroup group)
    {
        bool anyActive = false;
        IReadOnlyList<PgPath> paths = group.Paths;
        for (int i = 0; i < paths.Count; i++)
        {
            PgPath path = paths[i];
            if (!path.IsActive) continue;
            anyActive = true;
            if (path.Device.Queue is not { IsBusy: true }) return false;
        }
        // A group without a working path is not busy: mapping must happen, to leave it.
        return anyActive;
    }
}
