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
    private readonly TargetContext _context;
    private readonly ITargetHost _host;
    private readonly List<PriorityGroup> _groups = [];
    private readonly HeldBios _held;
    private readonly GroupActivation _activation;
    private readonly NoPathPolicy _noPath;
    private readonly bool _passesBusy;

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

    /// <param name="context">Its place in the device, and who finds devices.</param>
    /// <param name="features">Of the table; owned from now on.</param>
    /// <param name="queueTimeoutNs">
    /// How long I/O is queued without a path, asked each time; 0 for ever.
    /// </param>
    internal MultipathTarget(
        TargetContext context, MultipathFeatures features, Func<long>? queueTimeoutNs)
    {
        _context = context;
        _host = context.Host;
        _passesBusy = _host.PassesBusy;
        Features = features;
        QueueTimeoutNs = queueTimeoutNs ?? (static () => 0);
        _held = new HeldBios(this, _host);
        _activation = new GroupActivation(this, _host, features);
        _noPath = new NoPathPolicy(this, _host, features);
    }

    public string TypeName => "multipath";

    public MultipathFeatures Features { get; }

    public IReadOnlyList<PriorityGroup> Groups => _groups;

    /// <summary>Paths that have not failed, in all groups.</summary>
    public int ValidPaths { get; private set; }

    /// <summary>The group in use, or null before the first I/O and after a switch.</summary>
    public PriorityGroup? CurrentGroup => _currentGroup;

    /// <summary>The hardware handler of its paths; null for none.</summary>
    public HandlerChoice? Handler { get; internal set; }

    internal ITargetHost Host => _host;

    public TargetKinds Kinds =>
        Features.QueueMode == QueueMode.Bio ? TargetKinds.Bio : TargetKinds.Request;

    public bool IsImmutable => true;

    public bool IsSingleton => true;

    public IEnumerable<DeviceRange> Ranges { get; private set; } = [];

    internal Func<long> QueueTimeoutNs { get; }

    /// <summary>
    /// multipath_busy: only if a request would be mapped now, and every working path of the group
    /// that would take it is congested.
    /// </summary>
    public bool IsBusy
    {
        get
        {
            if (_activation.IsInProgress) return true;
            // Would be queued for want of a path: not busy, or the mapper would keep it.
            if (ValidPaths == 0 && Features.QueueIfNoPath) return false;
            PriorityGroup? group = _currentGroup;
            if (_currentPath is null && _nextGroup is not null) group = _nextGroup;
            return group is not null && group.IsCongested;
        }
    }

    /// <summary>
    /// Before a suspend (multipath_presuspend): a flush must find an end to all I/O.
    /// </summary>
    public void Presuspend(bool noFlush)
    {
        if (!noFlush || Features.QueueMode == QueueMode.Bio) _noPath.TurnOffUntilResume();
    }

    public void Postsuspend() => _activation.Disable();

    public void WhenQuiet(Action callback) => _activation.WhenQuiet(callback);

    public void Resume()
    {
        _activation.Enable();
        _noPath.Restore();
        _noPath.ContinueClock();
    }

    public void Release()
    {
        _noPath.StopClock();
        _activation.Release();
    }

    internal void Add(PriorityGroup group)
    {
        Invariant.That(group.Number == _groups.Count + 1);
        _groups.Add(group);
        ValidPaths += group.Paths.Count;
    }

    /// <summary>All groups are there.</summary>
    /// <param name="initial">The group that the table names as the initial one.</param>
    internal void Complete(PriorityGroup? initial)
    {
        _nextGroup = initial;
        Ranges = [.. _groups.SelectMany(group => group.Paths)
            .Select(path => new DeviceRange(path.Device, _context.Offset, _context.Length))];
    }

    /// <summary>
    /// Sees to it that a path has the handler (setup_scsi_dh). One that it has already may be kept,
    /// and is then the handler of the map. Null, or why it cannot be.
    /// </summary>
    internal string? Attach(BlockDevice device)
    {
        if (device.HardwareHandler is { } attached && Features.RetainsHandler)
            Handler = Handler?.Name == attached.Name ? Handler : new HandlerChoice(attached.Name);
        if (Handler is not { } wanted) return null;
        if (device.AttachHandler(wanted.Name) is { } problem) return problem;
        IHardwareHandler handler = device.HardwareHandler!;
        if (handler.Name != wanted.Name) Handler = wanted = new HandlerChoice(handler.Name);
        return wanted.Parameters.Count > 0 ? handler.SetParameters(wanted.Parameters) : null;
    }

    /// <summary>A path of the current group was not activated: choose anew.</summary>
    internal void ForgetCurrent(PgPath path)
    {
        if (path != _currentPath) return;
        _currentPath = null;
        _currentGroup = null;
    }

    /// <summary>The last activation has ended: I/O goes on.</summary>
    internal void OnGroupReady()
    {
        _queueIo = false;
        RunQueue();
    }
}
