// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Mapper;

/// <summary>
/// Suspend and resume (__dm_suspend, do_resume). A flushing suspend has all I/O end, with an error
/// if there is no path for it; one without flush fails nothing: what cannot be done is kept for the
/// next table. One at a time (suspend_lock): a swap waits for what is under way, a suspend waits
/// and fails, and a resume with nothing to do does not wait.
/// </summary>
public sealed partial class MappedDevice
{
    private readonly Queue<Action> _transitions = new();
    private bool _inTransition;
    private bool _runsTransitions;

    public bool IsSuspended { get; private set; }

    /// <summary>Suspends and resumes that wait for one under way.</summary>
    public int Transitions => _transitions.Count;

    /// <summary>A suspend or a resume is under way.</summary>
    public bool IsInTransition => _inTransition;

    public bool IsNoFlushSuspending { get; private set; }

    /// <summary>
    /// Stops I/O and waits for what is at the targets; new I/O waits. Nothing happens to a device
    /// that is suspended.
    /// </summary>
    /// <param name="noFlush">What fails meanwhile is kept for the next table.</param>
    /// <param name="done">
    /// Called when it is suspended, perhaps at once. With the reason when another suspend or a swap
    /// was under way: it comes when that has ended, and nothing is done then.
    /// </param>
    public void Suspend(bool noFlush, Action<DeviceBusyException?> done)
    {
        if (IsSuspended)
        {
            done(null);
            return;
        }
        DeviceBusyException? problem = _inTransition
            ? new DeviceBusyException($"{Name} was being suspended or resumed already")
            : null;
        Begin(() =>
        {
            if (problem is null) SuspendNow(noFlush, End);
            else End();
        });

        void End()
        {
            done(problem);
            EndTransition();
        }
    }

    /// <summary>
    /// Lets I/O go on, with the inactive table if there is one; a device that is not suspended is
    /// for the time of the swap. The table leaves its slot at once: one that is loaded while this
    /// waits is for the next resume. Without a table nothing happens to a device that is not
    /// suspended yet.
    /// </summary>
    /// <param name="noFlush">How it is suspended for a swap.</param>
    /// <param name="done">
    /// Called when it is done, perhaps at once; with the reason if the table could not be made
    /// live. The device is still suspended then, unless only its observer has objected.
    /// </param>
    public void Resume(bool noFlush, Action<TableException?> done)
    {
        Table? next = TakeInactive();
        if (next is null && !IsSuspended)
        {
            done(null);
            return;
        }
        Begin(() =>
        {
            if (next is not null && Table is not null)
                SuspendNow(noFlush, () => ResumeNow(next, done));
            else
                ResumeNow(next, done);
        });
    }

    private IReadOnlyList<TargetEntry> Entries => Table?.Entries ?? [];

    private void Begin(Action transition)
    {
        _transitions.Enqueue(transition);
        RunTransitions();
    }

    /// <summary>A loop, not a recursion: most are done at once, and many may wait.</summary>
    private void RunTransitions()
    {
        if (_runsTransitions) return;
        _runsTransitions = true;
        while (!_inTransition && _transitions.TryDequeue(out Action? transition))
        {
            _inTransition = true;
            transition();
        }
        _runsTransitions = false;
    }

    private void EndTransition()
    {
        _inTransition = false;
        RunTransitions();
    }

    private void SuspendNow(bool noFlush, Action done)
    {
        if (IsSuspended || _core is null)
        {
            IsSuspended = true;
            done();
            return;
        }
        IsNoFlushSuspending = noFlush;
        foreach (TargetEntry entry in Entries) entry.Target.Presuspend(noFlush);
        // What presuspend has let go of is mapped, and fails, before the queue stops: that is later
        // in this turn.
        Loop.Schedule(new SuspendTask(this, done), TurnPhase.Dispatch);
    }

    private void ResumeNow(Table? next, Action<TableException?> done)
    {
        TableException? problem;
        try
        {
            problem = Activate(next);
        }
        catch (TableException error)
        {
            problem = error;
        }
        done(problem);
        EndTransition();
    }

    /// <summary>
    /// I/O goes on, with another table if there is one. The objection to it, with which I/O goes on
    /// with the old one.
    /// </summary>
    private TableException? Activate(Table? next)
    {
        if (next is null && !IsSuspended) return null;
        TableException? objection = next is null ? null : Swap(next);
        IsSuspended = false;
        foreach (TargetEntry entry in Entries) entry.Target.Resume();
        _core?.Unquiesce();
        return objection;
    }

    private void StopQueue(Action done)
    {
        _core!.Quiesce();
        _core.WhenIdle(() =>
        {
            foreach (TargetEntry entry in Entries) entry.Target.Postsuspend();
            IsSuspended = true;
            IsNoFlushSuspending = false;
            AwaitTargets(done);
        });
    }

    /// <summary>No I/O is at the targets; what they do themselves may still be under way.</summary>
    private void AwaitTargets(Action done)
    {
        // One extra, so that targets that are quiet at once do not end it before all are asked.
        int left = 1;
        foreach (TargetEntry entry in Entries)
        {
            left++;
            entry.Target.WhenQuiet(EndOne);
        }
        EndOne();

        void EndOne()
        {
            if (--left == 0) done();
        }
    }

    private sealed class SuspendTask(MappedDevice device, Action done) : TurnTask
    {
        protected override void RunTask()
        {
            bool mustWait = device.Queue is { IsCutShort: true };
            if (mustWait) device.Loop.Schedule(this, TurnPhase.Dispatch);
            else device.StopQueue(done);
        }
    }
}
