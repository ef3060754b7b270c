// SPDX-License-Identifier: Apache-2.0
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>The mappings of a ring's memory, and where its parts are. Owned by the ring.</summary>
internal sealed unsafe class UringMemory : IDisposable
{
    private readonly nuint _ringBytes;
    private readonly nuint _entryBytes;
    private byte* _ring;

    /// <exception cref="ErrnoException">It cannot be mapped.</exception>
    public UringMemory(int fd, in io_uring_params parameters)
    {
        io_sqring_offsets sq = parameters.sq_off;
        io_cqring_offsets cq = parameters.cq_off;
        // One mapping has both rings (IORING_FEAT_SINGLE_MMAP): as long as the longer.
        nuint sqBytes = sq.array + (parameters.sq_entries * sizeof(uint));
        nuint cqBytes = cq.cqes + (parameters.cq_entries * (uint)sizeof(io_uring_cqe));
        _ringBytes = Math.Max(sqBytes, cqBytes);
        _entryBytes = parameters.sq_entries * (uint)sizeof(io_uring_sqe);
        _ring = Map(fd, _ringBytes, Libc.IORING_OFF_SQ_RING);
        Sqes = (io_uring_sqe*)Map(fd, _entryBytes, Libc.IORING_OFF_SQES);
        SqEntries = parameters.sq_entries;
        SqHead = At(sq.head);
        SqTail = At(sq.tail);
        SqFlags = At(sq.flags);
        CqHead = At(cq.head);
        CqTail = At(cq.tail);
        CqMask = *At(cq.ring_mask);
        Cqes = (io_uring_cqe*)(_ring + cq.cqes);
        // Entries are submitted in the order of their places: the indirection is set once.
        for (uint i = 0; i < SqEntries; i++) At(sq.array)[i] = i;
    }

    public io_uring_sqe* Sqes { get; }

    /// <summary>A power of two.</summary>
    public uint SqEntries { get; }

    /// <summary>Written by the kernel.</summary>
    public uint* SqHead { get; }

    public uint* SqTail { get; }

    /// <summary>Written by the kernel.</summary>
    public uint* SqFlags { get; }

    public uint* CqHead { get; }

    /// <summary>Written by the kernel.</summary>
    public uint* CqTail { get; }

    public uint CqMask { get; }

    public io_uring_cqe* Cqes { get; }

    public void Dispose()
    {
        if (_ring is null) return;
        _ = Libc.munmap(_ring, _ringBytes);
        _ = Libc.munmap(Sqes, _entryBytes);
        _ring = null;
    }

    private uint* At(uint offset) => (uint*)(_ring + offset);

    private static byte* Map(int fd, nuint bytes, long offset)
    {
        void* memory = Libc.mmap(
            null, bytes, Libc.PROT_READ | Libc.PROT_WRITE,
            Libc.MAP_SHARED | Libc.MAP_POPULATE, fd, offset);
        return memory != (void*)-1 ? (byte*)memory : throw ErrnoException.Last("mmap", "io_uring");
    }
}
