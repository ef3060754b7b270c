// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>
/// The two rings that a loop shares with the kernel: entries are written to one, submitted all
/// together, and what came of them is taken from the other. Owned by its loop. Threads: made
/// anywhere, then only the loop's.
/// </summary>
internal sealed unsafe class UringRing : IDisposable
{
    /// <summary>Entries of one submission; a turn that has more submits in between.</summary>
    private const uint Entries = 512;

    /// <summary>
    /// Three operations for each stream of some thousand. Beyond that the kernel keeps completions
    /// back (IORING_FEAT_NODROP) until there is room.
    /// </summary>
    private const uint Completions = 4096;

    /// <summary>All of them are in Linux 5.11.</summary>
    private const uint NeededFeatures = Libc.IORING_FEAT_SINGLE_MMAP | Libc.IORING_FEAT_NODROP
        | Libc.IORING_FEAT_SUBMIT_STABLE | Libc.IORING_FEAT_FAST_POLL
        | Libc.IORING_FEAT_EXT_ARG;

    private readonly int _fd;
    private readonly UringMemory _memory;
    private uint _tail;

    /// <exception cref="ErrnoException">The machine has no io_uring, or forbids it.</exception>
    public UringRing()
    {
        _fd = SetUp(out io_uring_params parameters);
        try
        {
            if ((parameters.features & NeededFeatures) != NeededFeatures)
                throw new ErrnoException("io_uring_setup", "", Libc.ENOSYS);
            _memory = new UringMemory(_fd, parameters);
            CanSkip = (parameters.features & Libc.IORING_FEAT_CQE_SKIP) != 0
                && (parameters.flags & Libc.IORING_SETUP_DEFER_TASKRUN) != 0;
            CanPollFirst = UringProbe.Supports(_fd, Libc.IORING_OP_SOCKET);
            CanDoFiles = UringProbe.Supports(
                _fd, Libc.IORING_OP_READ, Libc.IORING_OP_READV, Libc.IORING_OP_WRITE,
                Libc.IORING_OP_WRITEV, Libc.IORING_OP_FSYNC, Libc.IORING_OP_FALLOCATE);
        }
        catch
        {
            _ = Libc.close(_fd);
            throw;
        }
    }

    /// <summary>
    /// A send that succeeds can do without a completion (Linux 5.17), and one that does so in part
    /// has the right count (6.1, as is DEFER_TASKRUN).
    /// </summary>
    public bool CanSkip { get; }

    /// <summary>
    /// A receive can be told to wait first (IORING_RECVSEND_POLL_FIRST, Linux 5.19).
    /// </summary>
    public bool CanPollFirst { get; }

    /// <summary>It has what files need (Linux 5.6, where nobody forbids it).</summary>
    public bool CanDoFiles { get; }

    public bool IsFull => _tail - Volatile.Read(ref *_memory.SqHead) == _memory.SqEntries;

    /// <summary>Entries that the kernel has not taken yet.</summary>
    public uint Pending => _tail - Volatile.Read(ref *_memory.SqHead);

    /// <summary>Number of the next entry: <see cref="IsTaken"/> knows it by that.</summary>
    public uint Tail => _tail;

    public bool HasCompletions => Volatile.Read(ref *_memory.CqTail) != *_memory.CqHead;

    /// <summary>The kernel has work for this thread, or completions that it keeps back.</summary>
    public bool NeedsEnter =>
        (Volatile.Read(ref *_memory.SqFlags)
            & (Libc.IORING_SQ_TASKRUN | Libc.IORING_SQ_CQ_OVERFLOW)) != 0;

    /// <summary>The calling thread is the one that will use it from now on.</summary>
    public void Enable()
    {
        if (Libc.io_uring_register(_fd, Libc.IORING_REGISTER_ENABLE_RINGS, null, 0) != 0)
            throw ErrnoException.Last("io_uring_register", "enable rings");
    }

    /// <summary>The next entry, cleared; it counts from here on. The ring is not full.</summary>
    public io_uring_sqe* Add()
    {
        io_uring_sqe* entry = _memory.Sqes + (_tail & (_memory.SqEntries - 1));
        *entry = default;
        _tail++;
        return entry;
    }

    /// <summary>The kernel has taken the entry of that number.</summary>
    public bool IsTaken(uint number) =>
        (int)(Volatile.Read(ref *_memory.SqHead) - number) > 0;

    /// <summary>
    /// One io_uring_enter: submits what is pending, then waits for a completion, up to
    /// <paramref name="waitNs"/>: 0 not at all, negative as long as it takes. It may return
    /// earlier, and with a part of the entries left.
    /// </summary>
    public void Enter(long waitNs)
    {
        Volatile.Write(ref *_memory.SqTail, _tail);
        __kernel_timespec limit = new()
        {
            tv_sec = waitNs / 1_000_000_000,
            tv_nsec = waitNs % 1_000_000_000,
        };
        io_uring_getevents_arg arg = new() { ts = (ulong)&limit };
        uint flags = Libc.IORING_ENTER_GETEVENTS;
        if (waitNs > 0) flags |= Libc.IORING_ENTER_EXT_ARG;
        int result = Libc.io_uring_enter(
            _fd, Pending, waitNs == 0 ? 0u : 1, flags,
            waitNs > 0 ? &arg : null, waitNs > 0 ? (nuint)sizeof(io_uring_getevents_arg) : 0);
        if (result < 0) CheckError(Marshal.GetLastPInvokeError());
    }

    /// <summary>Takes one completion.</summary>
    public bool TryTake(out io_uring_cqe completion)
    {
        uint head = *_memory.CqHead;
        if (head == Volatile.Read(ref *_memory.CqTail))
        {
            completion = default;
            return false;
        }
        completion = _memory.Cqes[head & _memory.CqMask];
        Volatile.Write(ref *_memory.CqHead, head + 1);
        return true;
    }

    public void Dispose()
    {
        _memory.Dispose();
        _ = Libc.close(_fd);
    }

    /// <summary>
    /// The newest way that the kernel knows. With DEFER_TASKRUN (6.1) work for this thread is done
    /// only when it enters, with COOP_TASKRUN (5.19) only when it enters anything: it is not
    /// interrupted for it.
    /// </summary>
    private static int SetUp(out io_uring_params parameters)
    {
        ReadOnlySpan<uint> ways =
        [
            Libc.IORING_SETUP_SINGLE_ISSUER | Libc.IORING_SETUP_DEFER_TASKRUN
                | Libc.IORING_SETUP_TASKRUN_FLAG,
            Libc.IORING_SETUP_COOP_TASKRUN | Libc.IORING_SETUP_TASKRUN_FLAG,
            0,
        ];
        foreach (uint way in ways)
        {
            io_uring_params asked = new()
            {
                flags = way | Libc.IORING_SETUP_CQSIZE | Libc.IORING_SETUP_R_DISABLED,
                cq_entries = Completions,
            };
            int fd = Libc.io_uring_setup(Entries, &asked);
            parameters = asked;
            if (fd >= 0) return fd;
            if (Marshal.GetLastPInvokeError() != Libc.EINVAL) break;
        }
        throw ErrnoException.Last("io_uring_setup");
    }

    /// <summary>What can pass is tried again with the next turn.</summary>
    private static void CheckError(int errno)
    {
        if (errno is Libc.EINTR or Libc.ETIME or Libc.EAGAIN or Libc.EBUSY) return;
        throw new ErrnoException("io_uring_enter", "", errno);
    }
}
