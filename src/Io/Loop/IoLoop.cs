// SPDX-License-Identifier: Apache-2.0
using System.Runtime.CompilerServices;

namespace Braid.Io;

/// <summary>
/// One loop: the thread, the clock, the timers and the streams of its share of the I/O. All that it
/// owns is used on its thread only; other threads <see cref="Post(LoopMessage)"/>. A turn is:
/// wait, events, messages, timers, dispatch, send.
/// </summary>
public abstract class IoLoop : IDisposable
{
    /// <summary>
    /// Dispatch rounds in one turn before events are looked at again. Completions delivered inside
    /// a turn may cause more of them; this bounds how long the network waits for that.
    /// </summary>
    private const int MaxRoundsPerTurn = 64;

    private readonly MessageQueue _messages = new();
    private readonly TurnList _dispatch = new();
    private readonly TurnList _send = new();

    protected IoLoop(ulong seed) => Random = new LoopRandom(seed);

    /// <summary>Time of this turn in nanoseconds, monotonic, from an arbitrary start.</summary>
    public long NowNs { get; protected set; }

    /// <summary>The only source of random numbers for whatever runs on the loop.</summary>
    public LoopRandom Random { get; }

    public LoopStatistics Statistics { get; } = new();

    /// <summary>True on the thread that runs this loop.</summary>
    public abstract bool IsCurrent { get; }

    /// <summary>The CPU that the loop runs on, 0 up to <see cref="CpuCount"/>.</summary>
    public abstract int Cpu { get; }

    /// <summary>CPUs of the machine.</summary>
    public abstract int CpuCount { get; }

    internal TimerHeap Timers { get; } = new();

    private protected SpinGovernor Spin { get; } = new();

    private protected bool HasMessages => !_messages.IsEmpty;

    private protected bool HasTasks => !_dispatch.IsEmpty || !_send.IsEmpty;

    /// <summary>Makes a timer that calls <paramref name="callback"/> on this loop.</summary>
    public LoopTimer CreateTimer(Action callback) => new(this, callback);

    /// <summary>From any thread: runs the message on the loop at the start of a turn.</summary>
    public void Post(LoopMessage message)
    {
        _messages.Push(message);
        Wake();
    }

    /// <summary>From any thread, control plane only (it allocates).</summary>
    public void Post(Action action) => Post(new DelegateMessage(action));

    /// <summary>
    /// From any thread but the loop's: runs a function there and awaits its result.
    /// </summary>
    public Task<T> CallAsync<T>(Func<T> function)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            try
            {
                done.SetResult(function());
            }
            catch (Exception error)
            {
                done.SetException(error);
            }
        });
        return done.Task;
    }

    /// <summary>Runs the task at the end of this turn, once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Schedule(TurnTask task, TurnPhase phase) =>
        (phase == TurnPhase.Dispatch ? _dispatch : _send).Add(task);

    /// <summary>
    /// Counts an I/O of a client in flight: what decides whether the loop polls or sleeps. Clients'
    /// I/Os, not requests: a deep queue of neighbours is only a few requests once it has merged.
    /// </summary>
    public void IoStarted()
    {
        Statistics.IosStarted++;
        Spin.Started();
    }

    /// <summary>The counterpart of <see cref="IoStarted"/>.</summary>
    public void IoEnded() => Spin.Ended();

    /// <summary>I/Os of clients that are in flight.</summary>
    public int IosInFlight => Spin.InFlight;

    /// <summary>
    /// Takes over a connection whose handshake is done. <paramref name="connection"/> must not be
    /// used afterwards. On the loop's thread.
    /// </summary>
    public abstract StreamSocket Adopt(Connection connection, IStreamHandler handler);

    /// <summary>
    /// Does a file operation: from now until its end is told, in a later turn of this loop, the job
    /// and the memory it names are whoever's does it. On the loop's thread.
    /// </summary>
    /// <param name="job">Filled by the caller, and not in use.</param>
    /// <param name="workers">Do what the loop itself cannot do without blocking.</param>
    public virtual void Submit(FileJob job, FileWorkers workers) => workers.Submit(this, job);

    /// <summary>Ends the loop and what it owns. From the thread that made it.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);

    /// <summary>Wakes the loop if it is parked. From any thread.</summary>
    protected abstract void Wake();

    /// <summary>
    /// All of a turn but the waiting and the events. Returns true if anything was done.
    /// </summary>
    private protected bool RunTurn()
    {
        Statistics.Turns++;
        bool any = _messages.RunAll() > 0;
        long sequence = Timers.Sequence;
        while (Timers.TryPop(NowNs, sequence, out LoopTimer timer))
        {
            timer.Callback();
            any = true;
        }
        any |= HasTasks;
        for (int round = 0; HasTasks && round < MaxRoundsPerTurn; round++)
        {
            _dispatch.RunAll();
            if (_dispatch.IsEmpty) _send.RunAll();
        }
        return any;
    }
}
