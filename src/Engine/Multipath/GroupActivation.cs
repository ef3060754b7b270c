// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Mapper;

namespace Braid.Multipath;

/// <summary>
/// Activation of the current group by its hardware handler (pg_init): rounds over all working paths
/// of the group, with retries and delays. Without a handler it never has anything to do.
/// </summary>
internal sealed class GroupActivation
{
    /// <summary>Delay of a delayed round, unless given (DM_PG_INIT_DELAY_DEFAULT).</summary>
    private const uint DefaultDelayMs = 2000;

    private const long NsPerMs = 1_000_000;

    private readonly MultipathTarget _target;
    private readonly ITargetHost _host;
    private readonly MultipathFeatures _features;

    /// <summary>Activations that have not ended.</summary>
    private int _inProgress;

    /// <summary>The next round waits first (MPATHF_PG_INIT_DELAY_RETRY).</summary>
    private bool _delayRetry;

    /// <summary>The device is suspended: no new rounds (MPATHF_PG_INIT_DISABLED).</summary>
    private bool _disabled;

    /// <summary>The table is gone: what a handler still says concerns nobody.</summary>
    private bool _isReleased;

    private Action? _whenQuiet;

    public GroupActivation(MultipathTarget target, ITargetHost host, MultipathFeatures features)
    {
        _target = target;
        _host = host;
        _features = features;
    }

    /// <summary>A round must run before the current group takes I/O.</summary>
    public bool IsRequired { get; private set; }

    public bool IsInProgress => _inProgress > 0;

    /// <summary>Rounds since the last switch of groups.</summary>
    public uint Rounds { get; private set; }

    /// <summary>
    /// A group has become the current one (__switch_pg). True if I/O has to wait for it.
    /// </summary>
    public bool OnSwitch(bool hasHandler)
    {
        Rounds = 0;
        IsRequired = hasHandler;
        return hasHandler;
    }

    /// <summary>A bypassed group has to be used: its controller is not to be hammered.</summary>
    public void DelayNextRound() => _delayRetry = true;

    /// <summary>
    /// Starts a round unless one is running. True if there are activations to wait for.
    /// </summary>
    public bool StartRound()
    {
        if (IsInProgress || _disabled) return IsInProgress;
        Rounds++;
        IsRequired = false;
        if (_target.CurrentGroup is not { } group) return false;
        uint delayMs = _delayRetry ? _features.PgInitDelayMs ?? DefaultDelayMs : 0;
        foreach (PgPath path in group.Paths)
            if (path.IsActive) Begin(path, delayMs * NsPerMs);
        return IsInProgress;
    }

    /// <summary>
    /// Only one path: it has come back into the current group, or its device has gone, and the
    /// activation is to find that out. While the device is suspended the group is activated when
    /// I/O comes again.
    /// </summary>
    public void StartFor(PgPath path)
    {
        if (_disabled) IsRequired = true;
        else Begin(path, 0);
    }

    public void Disable() => _disabled = true;

    public void Enable() => _disabled = false;

    /// <summary>Calls back when no activation is under way, perhaps at once.</summary>
    public void WhenQuiet(Action callback)
    {
        if (IsInProgress) _whenQuiet = callback;
        else callback();
    }

    public void Release()
    {
        _isReleased = true;
        foreach (PriorityGroup group in _target.Groups)
            foreach (PgPath path in group.Paths)
                path.Activation?.Cancel();
    }

    /// <summary>One that is to begin already is not begun twice.</summary>
    private void Begin(PgPath path, long delayNs)
    {
        path.Activation ??= _host.Loop.CreateTimer(() => Activate(path));
        if (path.Activation.IsArmed) return;
        _inProgress++;
        path.Activation.Arm(delayNs);
    }

    private void Activate(PgPath path)
    {
        bool isThere = path.IsActive && path.Queue is not { IsDying: true };
        if (isThere && path.Device.HardwareHandler is { } handler)
            handler.Activate(result => OnActivated(path, result));
        else
            OnActivated(
                path, isThere ? ActivationResult.NoHandler : ActivationResult.DeviceOffline);
    }

    /// <summary>pg_init_done.</summary>
    private void OnActivated(PgPath path, ActivationResult result)
    {
        if (_isReleased) return;
        bool delayed = false;
        bool isError = Judge(path, result, ref delayed);
        if (isError) _target.ForgetCurrent(path);
        else if (!IsRequired) path.Group.IsBypassed = false;
        if (--_inProgress > 0) return;
        if (IsRequired)
        {
            _delayRetry = delayed;
            if (StartRound()) return;
        }
        _target.OnGroupReady();
        Action? whenQuiet = _whenQuiet;
        _whenQuiet = null;
        whenQuiet?.Invoke();
    }

    /// <summary>What follows from a result. True if the path could not be activated.</summary>
    private bool Judge(PgPath path, ActivationResult result, ref bool delayed)
    {
        switch (result)
        {
            case ActivationResult.Ok:
                return false;
            case ActivationResult.NoHandler when _target.Handler is null:
                return false;
            case ActivationResult.NoHandler:
                _host.Log("Could not failover the device: there is no handler.");
                _target.FailPath(path);
                return true;
            case ActivationResult.DeviceTemporarilyBusy:
                _target.BypassGroup(path.Group, bypassed: true);
                return true;
            case ActivationResult.Retry:
            case ActivationResult.RetryImmediately:
            case ActivationResult.ResourceUnavailable:
                delayed = result == ActivationResult.Retry;
                if (_disabled || Rounds > (_features.PgInitRetries ?? 0)) _target.FailPath(path);
                else IsRequired = true;
                return false;
            case ActivationResult.DeviceOffline:
            case ActivationResult.IoError:
                _target.FailPath(path);
                return true;
            default:
                Invariant.Broken($"activation result {result}");
                return true;
        }
    }
}
