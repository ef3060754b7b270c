// SPDX-License-Identifier: Apache-2.0
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>
/// A file job on its way through the ring, step by step; then the next one. The kernel copies the
/// vectors when it takes the entry (IORING_FEAT_SUBMIT_STABLE); what they name is its own until
/// the completion.
/// </summary>
/// <remarks>
/// What is in the page cache is copied by the call that submits; direct I/O is begun by it. What
/// would block, as a sync, the kernel gives to threads of its own.
/// </remarks>
internal sealed unsafe class UringFile(UringLoop loop, Stack<UringFile> idle)
    : UringOperation(loop)
{
    private FileJob? _job;
    private FileWorkers? _workers;

    public override bool EndsAtOnce => false;

    /// <summary>Takes a job that has begun; it has none.</summary>
    public void Begin(FileJob job, FileWorkers workers)
    {
        _job = job;
        _workers = workers;
        Loop.Want(this);
    }

    public override bool IsWanted() => _job is not null;

    public override bool Fill(io_uring_sqe* entry)
    {
        FileJob job = _job!;
        entry->fd = job.Fd;
        switch (job.Step)
        {
            case FileStep.Read:
                Move(entry, job, Libc.IORING_OP_READ, Libc.IORING_OP_READV);
                break;
            case FileStep.Write:
                Move(entry, job, Libc.IORING_OP_WRITE, Libc.IORING_OP_WRITEV);
                entry->rw_flags = job.WriteFlags;
                break;
            case FileStep.Sync:
                entry->opcode = Libc.IORING_OP_FSYNC;
                entry->fsync_flags = Libc.IORING_FSYNC_DATASYNC;
                break;
            default:
                Allocate(entry, job);
                break;
        }
        return false;
    }

    /// <summary>The job is the caller's again before it is told.</summary>
    protected override void OnEnded()
    {
        FileJob job = _job!;
        bool more = job.Advance(Result);
        if (more && UringLoop.IsForRing(job))
        {
            Loop.Want(this);
            return;
        }
        _job = null;
        idle.Push(this);
        // From its beginning, where it has to write zeroes since nothing else could be done.
        if (more) _workers!.Submit(Loop, job);
        else job.Run();
    }

    private static void Move(io_uring_sqe* entry, FileJob job, byte one, byte several)
    {
        entry->off = (ulong)job.Position;
        if (job.VectorCount == 1)
        {
            entry->opcode = one;
            entry->addr = (ulong)job.Vectors->iov_base;
            entry->len = (uint)job.Vectors->iov_len;
            return;
        }
        entry->opcode = several;
        entry->addr = (ulong)job.Vectors;
        entry->len = (uint)job.VectorCount;
    }

    private static void Allocate(io_uring_sqe* entry, FileJob job)
    {
        entry->opcode = Libc.IORING_OP_FALLOCATE;
        entry->off = (ulong)job.Offset;
        entry->addr = (ulong)job.Length;
        entry->len = (uint)job.FallocateMode;
    }
}
