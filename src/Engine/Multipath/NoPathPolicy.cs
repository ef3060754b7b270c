// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Braid.Mapper;

namespace Braid.Multipath;

/// <summary>
/// What happens to I/O while no path works: queue_if_no_path, its value to come back after a
/// suspend, and the time after which the map gives up.
/// </summary>
internal sealed class NoPathPolicy
{
    private readonly MultipathTarget _target;
    private readonly ITargetHost _host;
    private readonly MultipathFeatures _features;
    private readonly LoopTimer _timer;

    /// <summary>Comes back at resume (MPATHF_SAVED_QUEUE_IF_NO_PATH).</summary>
    private bool _saved;

    public NoPathPolicy(MultipathTarget target, ITargetHost host, MultipathFeatures features)
    {
        _target = target;
        _host = host;
        _features = features;
        _timer = host.Loop.CreateTimer(OnTimeout);
    }

    public bool Queues => _features.QueueIfNoPath;

    /// <summary>By message: queue_if_no_path or fail_if_no_path.</summary>
    public void Set(bool queue)
    {
        // fail_if_no_path while suspended must survive the resume.
        if (!queue) _saved = false;
        Apply(queue);
    }

    /// <summary>Before a suspend: what waits must end, until resume.</summary>
    public void TurnOffUntilResume()
    {
        if (!_features.QueueIfNoPath && _saved)
            _host.Log("queue_if_no_path is off but saved as on: not saved again");
        else
            _saved = _features.QueueIfNoPath;
        Apply(false);
    }

    public void Restore()
    {
        if (_saved) _features.QueueIfNoPath = true;
        _saved = false;
    }

    /// <summary>Live again: a clock that runs since before goes on.</summary>
    public void ContinueClock()
    {
        if (!_timer.IsArmed) StartClock();
    }

    /// <summary>The clock runs while I/O may be queued and no path works.</summary>
    public void StartClock()
    {
        long timeout = _target.QueueTimeoutNs();
        if (_target.ValidPaths == 0 && Queues && timeout > 0) _timer.Arm(timeout);
    }

    public void StopClock() => _timer.Cancel();

    private void Apply(bool queue)
    {
        _features.QueueIfNoPath = queue;
        if (!queue) _target.RunQueue();
    }

    private void OnTimeout()
    {
        _host.Log("queue_if_no_path timeout, failing queued IO");
        Set(false);
    }
}
