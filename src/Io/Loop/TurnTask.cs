// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>The two steps that end a turn: queues dispatch first, then streams send.</summary>
public enum TurnPhase
{
    /// <summary>
    /// Plugs are opened, queues run, completions that were put off are delivered.
    /// </summary>
    Dispatch,

    /// <summary>Each stream with something to send makes its one system call.</summary>
    Send,
}

/// <summary>
/// Work that is done once at the end of the turn however often it was asked for in the turn: that
/// is what makes batches. Linked through itself; scheduling allocates nothing.
/// </summary>
public abstract class TurnTask
{
    internal TurnTask? Next { get; set; }

    internal bool IsScheduled { get; set; }

    /// <summary>Runs on the loop's thread at the end of the turn.</summary>
    protected internal abstract void RunTask();
}

/// <summary>The tasks of one phase, first scheduled first.</summary>
internal sealed class TurnList
{
    private TurnTask? _first;
    private TurnTask? _last;

    public bool IsEmpty => _first is null;

    public void Add(TurnTask task)
    {
        if (task.IsScheduled) return;
        task.IsScheduled = true;
        if (_last is null) _first = task;
        else _last.Next = task;
        _last = task;
    }

    public void RunAll()
    {
        TurnTask? task = _first;
        _first = _last = null;
        while (task is not null)
        {
            TurnTask? next = task.Next;
            task.Next = null;
            task.IsScheduled = false;
            task.RunTask();
            task = next;
        }
    }
}
