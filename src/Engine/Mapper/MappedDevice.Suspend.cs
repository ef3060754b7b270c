// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Mapper;

/// <summary>
/// Suspend and resume (__dm_suspend, do_resume). A flushing suspend has all I/O end, with an error
/// if there is no path for it; one without flush fails nothing: what cannot be done is kept for the
/// next table. One at a time: the next waits for the one before (suspend_lock).
/// </summary>
public sealed partial class MappedDevice
{
    private readonly Queue<Action> _transitions = new();
    private bool _inTransition;

    public bool IsSuspended { get; private set; }

    /// <summary>Suspends and resumes that wait for one under way.</summary>
    public int Transitions => _transitions.Count;

    public bool IsNoFlushSuspending { get; private set; }

    /// <summary>
    /// Stops I/O and waits for what is at the targets; new I/O waits. Nothing happens to a device
    /// that is suspended.
    /// </summary>
    /// <param name="noFlush">What fails meanwhile is kept for the next table.</param>
    /// <param name="done">Called when it is suspended, perhaps at once.</param>
    public void Suspend(bool noFlush, Action done) => Begin(() => SuspendNow(noFlush, () =>
    {
        done();
        EndTransition();
    }));

    /// <summary>
    /// Lets I/O go on, with the inactive table if there is one; a device that is not suspended is
    /// for the time of the swap.
    /// </summary>
    /// <param name="noFlush">How it is suspended for a swap.</param>
    /// <param name="done">
    /// Called when it is done, perhaps at once; with the reason if the table could not be made
    /// live. The device is still suspended then, unless only its observer has objected.
    /// </param>
    public void Resume(bool noFlush, Action<TableException?> done) => Begin(() =>
    {
        if (InactiveTable is not null && Table is not null)
            SuspendNow(noFlush, () => ResumeNow(done));
        else
            ResumeNow(done);
    });

    private IReadOnlyList<TargetEntry> Entries => Table?.Entries ?? [];

    private void Begin(Action transition)
    {
        _transitions.Enqueue(transition);
        if (!_inTransition) BeginNext();
    }

    private void BeginNext()
    {
        if (!_transitions.TryDequeue(out Action? transition)) return;
        _inTransition = true;
        transition();
    }

    private void EndTransition()
    {
        _inTransition = false;
        BeginNext();
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

    private void ResumeNow(Action<TableException?> done)
    {
        TableException? problem;
        try
        {
            problem = Activate();
        }
        catch (TableException error)
        {
            problem = error;
        }
        done(problem);
        EndTransition();
    }

    /// <summary>
    /// I/O goes on, with the inactive table if there is one. The objection to it, with which I/O
    /// goes on with the old one.
    /// </summary>
    private TableException? Activate()
    {
        TableException? objection = InactiveTable is null ? null : Swap();
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
            done();
        });
    }

    private sealed class SuspendTask(MappedDevice device, Action done) : TurnTask
    {
        protected override void RunTask() => device.StopQueue(done);
    }
}
