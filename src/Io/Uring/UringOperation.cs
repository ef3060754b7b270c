// SPDX-License-Identifier: Apache-2.0
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>
/// Something that is asked of the kernel again and again, once at a time: a stream's receive, its
/// send, a file's read. Made with its owner and never for another; asking allocates nothing. Loop's
/// thread only.
/// </summary>
internal abstract unsafe class UringOperation(UringLoop loop) : TurnTask
{
    /// <summary>Place in the loop's table, and its name to the kernel; -1 for none.</summary>
    public int Slot { get; set; } = -1;

    /// <summary>Asked, and not ended: the kernel may touch its memory at any time.</summary>
    public bool IsInFlight { get; private set; }

    /// <summary>Ended, and not told yet.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Of the ring: the number of the entry that asked.</summary>
    public uint Number { get; private set; }

    /// <summary>What the system call would have returned, or minus errno.</summary>
    protected int Result { get; private set; }

    /// <summary>IORING_CQE_F_ flags.</summary>
    protected uint Flags { get; private set; }

    private protected UringLoop Loop => loop;

    /// <summary>
    /// A cancel ends it at once. Not a file's: the kernel may wait there for as long as it likes.
    /// </summary>
    public virtual bool EndsAtOnce => true;

    /// <summary>
    /// Somebody waits for its success, and cannot wait for the next event.
    /// </summary>
    public virtual bool IsAwaited => true;

    /// <summary>
    /// Whether there is something to ask, now that the turn is over. May call handlers.
    /// </summary>
    public abstract bool IsWanted();

    /// <summary>
    /// Writes the entry, which is zero so far. True when a success needs no completion: it has
    /// ended when it was submitted, and what it was asked is its <see cref="Result"/>.
    /// </summary>
    public abstract bool Fill(io_uring_sqe* entry);

    /// <summary>What success without a completion would have returned.</summary>
    public virtual int FullResult => 0;

    public void Started(uint number)
    {
        IsInFlight = true;
        Number = number;
    }

    public void Ended(int result, uint flags)
    {
        IsInFlight = false;
        IsDone = true;
        Result = result;
        Flags = flags;
    }

    /// <summary>Tells the result, unless that has been done.</summary>
    public void Tell()
    {
        if (!TryTake()) return;
        OnEnded();
    }

    /// <summary>True once for each end: the result is the caller's.</summary>
    public bool TryTake()
    {
        bool taken = IsDone;
        IsDone = false;
        return taken;
    }

    protected abstract void OnEnded();

    /// <summary>At the end of the turn: it is asked, if it still is to be.</summary>
    protected internal sealed override void RunTask()
    {
        if (!IsInFlight && !IsDone && IsWanted()) loop.Start(this);
    }
}
