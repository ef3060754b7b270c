// SPDX-License-Identifier: Apache-2.0
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>
/// The loop on io_uring: one system call a turn, which submits all receives, sends and file
/// operations of the turn and waits for the next event; three with many I/Os in flight.
/// </summary>
/// <remarks>
/// Receives are asked for before there is data: what a stream receives into is the kernel's until
/// it has received. Waiting for readiness first, and receiving then, would leave memory alone, and
/// cost a second system call a turn.
/// Sends are asked not to block, and to tell only what could not be sent whole: they are over when
/// the call returns, and one that went well does not end the wait.
/// </remarks>
internal sealed unsafe class UringLoop : ThreadLoop
{
    /// <summary>Name of what no operation waits for.</summary>
    private const ulong Nobody = ulong.MaxValue;

    /// <summary>
    /// How long the end of the loop waits for files. One that hangs must not keep the process from
    /// its end: what is still under way then stays the kernel's, memory and all.
    /// </summary>
    private const long FilePatienceNs = 1_000_000_000;

    private readonly UringRing _ring;
    private readonly UringWakeUp _wakeUp;
    private readonly UringTable _operations = new();
    private readonly TurnList _sends = new();
    private readonly TurnList _others = new();
    private readonly UringFiles _files;
    private readonly UringList _silent = new();
    private readonly UringList _ended = new();

    /// <summary>Makes the loop and starts its thread.</summary>
    /// <param name="name">Name of the thread, 15 characters at the most are shown by ps.</param>
    /// <param name="ring">The loop's from now on.</param>
    public UringLoop(string name, UringRing ring)
        : base(name)
    {
        _ring = ring;
        _files = new UringFiles(this);
        _wakeUp = new UringWakeUp(this, WakeUp.Fd);
        Know(_wakeUp);
        Want(_wakeUp);
        Begin();
    }

    /// <summary>See <see cref="UringRing.CanSkip"/>.</summary>
    public bool CanSkip => _ring.CanSkip;

    /// <summary>See <see cref="UringRing.CanPollFirst"/>.</summary>
    public bool CanPollFirst => _ring.CanPollFirst;

    public override StreamSocket Adopt(Connection connection, IStreamHandler handler)
    {
        Invariant.That(IsCurrent);
        return new UringStream(this, ((SocketConnection)connection).Detach(), handler);
    }

    public override void Submit(FileJob job, FileWorkers workers)
    {
        job.Begin();
        if (_ring.CanDoFiles && IsForRing(job)) _files.Begin(job, workers);
        else base.Submit(job, workers);
    }

    /// <summary>
    /// Whether the ring does the job's next step. Not lseek and ioctl, which io_uring does not
    /// have: extents and a device's discard. A write into the page cache of most file systems takes
    /// a thread in any case: of the kernel's own, those of one file one after the other, or a
    /// worker.
    /// </summary>
    public static bool IsForRing(FileJob job) =>
        job.Operation != FileOperation.Extent && !job.IsDeviceDiscard
        && (job.Step != FileStep.Write || job.IsDirect);

    /// <summary>Gives the operation a name, until <see cref="Forget"/>.</summary>
    public void Know(UringOperation operation) => _operations.Add(operation);

    /// <summary>It has ended, and is never asked again.</summary>
    public void Forget(UringOperation operation)
    {
        Invariant.That(!operation.IsInFlight);
        _operations.Remove(operation);
    }

    /// <summary>Asks for it at the end of the turn, if it still is to be then.</summary>
    public void Want(UringOperation operation) => _others.Add(operation);

    /// <summary>The same; before all others: somebody waits for what is sent.</summary>
    public void WantFirst(UringOperation operation) => _sends.Add(operation);

    /// <summary>Submits it with the rest of the turn.</summary>
    public void Start(UringOperation operation)
    {
        io_uring_sqe* entry = Entry();
        entry->user_data = (ulong)operation.Slot;
        bool isSilent = operation.Fill(entry);
        operation.Started(_ring.Tail - 1);
        if (!isSilent) return;
        entry->flags |= Libc.IOSQE_CQE_SKIP_SUCCESS;
        _silent.Add(operation);
    }

    /// <summary>
    /// Ends it now: afterwards the kernel touches nothing of it. What it has done until then is its
    /// result, which is still to be told. Not of files.
    /// </summary>
    public void End(UringOperation operation)
    {
        Invariant.That(operation.EndsAtOnce);
        if (!operation.IsInFlight) return;
        Cancel(operation);
        while (operation.IsInFlight) Enter(NoLimit);
    }

    private protected override void OnBegin() => _ring.Enable();

    private protected override int Poll(long waitNs)
    {
        _sends.RunAll();
        _others.RunAll();
        if (HasTasks || _ended.Count > 0 || IsSomeSendAwaited()) waitNs = 0;
        if (waitNs != 0 && IsDeep) waitNs = LetOthersRun(waitNs);
        if (waitNs != 0 || _ring.Pending > 0 || _ring.NeedsEnter) Enter(waitNs);
        else Collect();
        return _silent.Count + _ended.Count;
    }

    /// <summary>
    /// Silent sends first, as they were: what answers them may be among the rest.
    /// </summary>
    private protected override void Deliver(int events)
    {
        for (int i = 0; i < _silent.Count; i++) _silent[i].Tell();
        _silent.Clear();
        for (int i = 0; i < _ended.Count; i++) _ended[i].Tell();
        _ended.Clear();
    }

    private protected override void OnEnd()
    {
        // Who owns the memory frees it next.
        for (int slot = 0; slot < _operations.Count; slot++)
        {
            if (_operations[slot] is not { IsInFlight: true } operation) continue;
            if (operation.EndsAtOnce) End(operation);
            else Cancel(operation);
        }
        long until = ReadClock() + FilePatienceNs;
        for (int slot = 0; slot < _operations.Count; slot++)
            while (_operations[slot] is { IsInFlight: true } && ReadClock() < until)
                Enter(Math.Max(1, until - ReadClock()));
    }

    private protected override void DisposeBackend()
    {
        _ring.Dispose();
        _wakeUp.Dispose();
    }

    /// <summary>
    /// What is to be sent goes out first. Two calls more a turn, and twice the I/Os in one: mostly
    /// less CPU for random reads at depth; docs/PERFORMANCE.md has what is known of it.
    /// </summary>
    private long LetOthersRun(long waitNs)
    {
        if (_ring.Pending > 0) Enter(0);
        Yield();
        return _ended.Count > 0 ? 0 : waitNs;
    }

    private void Cancel(UringOperation operation)
    {
        io_uring_sqe* entry = Entry();
        entry->opcode = Libc.IORING_OP_ASYNC_CANCEL;
        entry->fd = -1;
        entry->addr = (ulong)operation.Slot;
        entry->user_data = Nobody;
    }

    private bool IsSomeSendAwaited()
    {
        for (int i = 0; i < _silent.Count; i++)
            if (_silent[i].IsAwaited) return true;
        return false;
    }

    private io_uring_sqe* Entry()
    {
        while (_ring.IsFull) Enter(0);
        return _ring.Add();
    }

    private void Enter(long waitNs)
    {
        Statistics.SystemCalls++;
        _ring.Enter(waitNs);
        Collect();
    }

    /// <summary>Notes what has ended; nobody is told yet.</summary>
    private void Collect()
    {
        while (_ring.TryTake(out io_uring_cqe completion))
        {
            if (completion.user_data == Nobody) continue;
            UringOperation operation = _operations[(int)completion.user_data]!;
            operation.Ended(completion.res, completion.flags);
            _ended.Add(operation);
        }
        for (int i = 0; i < _silent.Count; i++)
        {
            UringOperation operation = _silent[i];
            if (operation.IsInFlight && _ring.IsTaken(operation.Number))
                operation.Ended(operation.FullResult, 0);
        }
    }
}
