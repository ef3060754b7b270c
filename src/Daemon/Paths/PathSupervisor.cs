// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;

namespace Braid.Daemon;

/// <summary>What a supervisor does to a path, in all maps that use it.</summary>
public interface IPathVerbs
{
    /// <summary>Whether a map that uses it has no path that works.</summary>
    bool IsNeeded(PathDevice path);

    /// <summary>Whether it has not failed in any map.</summary>
    bool IsActive(PathDevice path);

    void Fail(PathDevice path);

    void Reinstate(PathDevice path);

    void Log(PathDevice path, string text);

    /// <summary>The same, for what an operator must see: the path is lost.</summary>
    void Warn(PathDevice path, string text);
}

/// <summary>
/// Watches one path (what multipathd does with its checkers): fails it when its connection is gone,
/// reinstates it when it is back *and* a probe has read from it. A path that fails again soon after
/// it was reinstated waits longer each time, so that it cannot bounce I/O about. On the path's
/// loop.
/// </summary>
internal sealed class PathSupervisor : IPathObserver, IDisposable
{
    private const long Second = 1_000_000_000;

    /// <summary>A working path is probed so often (polling_interval).</summary>
    private const long PollNs = 5 * Second;

    /// <summary>
    /// A failed path whose connection works is probed so often at first, and one that rests.
    /// </summary>
    private const long RecheckNs = Second;

    private const long RecheckMaxNs = 30 * Second;

    /// <summary>
    /// The longest that a path waits for its next probe while no other works: its probes fail, or
    /// do well while its I/O fails.
    /// </summary>
    private const long NeededMaxNs = 5 * Second;

    /// <summary>A path that worked for so long has shown that it is well.</summary>
    private const long ProvenNs = 10 * Second;

    private readonly PathDevice _path;
    private readonly IPathVerbs _verbs;
    private readonly PathCheck _check;
    private readonly LoopTimer _timer;
    private long _recheckNs = RecheckNs;
    private long _reinstatedNs;

    /// <summary>
    /// Times in a row that I/O has failed on it while its connection was well: green to its checker
    /// and red to its users.
    /// </summary>
    private int _red;

    /// <summary>
    /// It has flapped: however well it is, it rests until then while others work.
    /// </summary>
    private long _heldUntilNs;

    /// <summary>Probed well since it connected, or since I/O has failed on it.</summary>
    private bool _isGreen;
    private string _told = "";

    public PathSupervisor(PathDevice path, IPathVerbs verbs)
    {
        _path = path;
        _verbs = verbs;
        _check = new PathCheck(path, OnChecked);
        _timer = path.Loop.CreateTimer(Probe);
        _reinstatedNs = path.Loop.NowNs;
        path.Observer = this;
    }

    public PathDevice Path => _path;

    /// <summary>Takes the path as it is now.</summary>
    public void Begin()
    {
        WarnOnce();
        if (_path.State == PathState.Up) _timer.Arm(PollNs);
        else OnPathState(_path, _path.State, _path.Problem);
    }

    public void OnPathState(PathDevice path, PathState state, string reason)
    {
        if (state == PathState.Up)
        {
            _verbs.Log(path, "connected");
            WarnOnce();
            _heldUntilNs = path.Loop.NowNs + HoldDownNs();
            _timer.Arm(0);
            return;
        }
        _isGreen = false;
        _verbs.Warn(path, state == PathState.Down ? $"down: {reason}" : $"refused: {reason}");
        _verbs.Fail(path);
    }

    /// <summary>A map has failed the path, for an I/O error or by command.</summary>
    public void OnFailed()
    {
        bool wasProven = _path.Loop.NowNs - _reinstatedNs >= ProvenNs;
        _recheckNs = wasProven ? RecheckNs : Math.Min(_recheckNs * 2, RecheckMaxNs);
        if (wasProven) _red = 0;
        _isGreen = false;
        if (_path.State != PathState.Up) return;
        _red++;
        _timer.Arm(_recheckNs);
    }

    /// <summary>
    /// No path of a map works: whoever is connected is asked at once, unless I/O has failed on it
    /// again and again. That would only bounce. Whoever is not connects sooner.
    /// </summary>
    public void ProbeNow()
    {
        _path.Hurry();
        if (_path.State != PathState.Up || _verbs.IsActive(_path)) return;
        _timer.Arm(_red <= 1 ? 0 : Math.Min(_recheckNs, NeededMaxNs));
    }

    /// <summary>
    /// The last path of a map has failed, and I/O is about to: one that is well, and only rests, is
    /// reinstated before.
    /// </summary>
    /// <param name="mayHang">Also while a probe is under way, which may never be answered.</param>
    public void StepIn(bool mayHang)
    {
        if (!_isGreen || _verbs.IsActive(_path) || (_check.IsRunning && !mayHang)) return;
        _verbs.Reinstate(_path);
    }

    /// <summary>Another loop has lost the path: whether it works here shows a probe.</summary>
    public void OnSuspected()
    {
        _isGreen = false;
        if (_path.State == PathState.Up) _timer.Arm(0);
    }

    public void OnReinstated() => _reinstatedNs = _path.Loop.NowNs;

    public void Dispose()
    {
        _timer.Cancel();
        _check.Dispose();
    }

    /// <summary>
    /// A path that has just connected is reinstated as soon as it was probed, unless it has been
    /// flapping.
    /// </summary>
    private long HoldDownNs() => _recheckNs > 2 * RecheckNs ? _recheckNs : 0;

    /// <summary>Of what is to be known about the path: not again with each connection.</summary>
    private void WarnOnce()
    {
        if (_path.Remark.Length == 0 || _path.Remark == _told) return;
        _told = _path.Remark;
        _verbs.Warn(_path, _told);
    }

    private void Probe()
    {
        if (_path.State == PathState.Up) _check.Start();
    }

    private void OnGreen()
    {
        _isGreen = true;
        long restNs = _heldUntilNs - _path.Loop.NowNs;
        if (restNs > 0 && !_verbs.IsActive(_path) && !_verbs.IsNeeded(_path))
        {
            // It may have to step in: then its health must not be an old story.
            _timer.Arm(Math.Min(restNs, RecheckNs));
            return;
        }
        if (!_verbs.IsActive(_path)) _verbs.Reinstate(_path);
        _timer.Arm(PollNs);
    }

    private void OnChecked(BlockStatus status)
    {
        if (_path.State != PathState.Up) return;
        if (status == BlockStatus.Ok)
        {
            OnGreen();
            return;
        }
        _isGreen = false;
        if (_verbs.IsActive(_path)) _verbs.Warn(_path, $"probe failed: {status.ErrnoName()}");
        _verbs.Fail(_path);
        // While I/O waits for it, it is asked more often, however often it has failed before.
        _timer.Arm(
            _verbs.IsNeeded(_path) ? Math.Min(_recheckNs, NeededMaxNs) : _recheckNs);
    }
}
