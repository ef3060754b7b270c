// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>
/// One file operation, allocated once for each tag: a system call, or several, of which each
/// result says what is next. Who makes the calls is <see cref="IoLoop.Submit"/>'s business.
/// Threads: filled by the loop, then that of who makes the calls, until <see cref="Completed"/>
/// runs on the loop again.
/// </summary>
public abstract unsafe class FileJob : LoopMessage, IDisposable
{
    private readonly iovec* _vectors;
    private readonly int _maxVectors;
    private int _count;

    /// <summary>Vectors that are done.</summary>
    private int _first;

    /// <param name="maxVectors">Ranges of memory of one read or write; up to 1024, IOV_MAX.</param>
    protected FileJob(int maxVectors)
    {
        Invariant.That(maxVectors is > 0 and <= SendQueue.MaxVectorsPerCall);
        _maxVectors = maxVectors;
        _vectors = (iovec*)NativeMemory.Alloc((nuint)maxVectors, (nuint)sizeof(iovec));
    }

    /// <summary>An open descriptor; the caller's.</summary>
    public int Fd { get; set; }

    public FileOperation Operation { get; set; }

    /// <summary>
    /// The descriptor is one of O_DIRECT. Else a write goes into the page cache, and may have to
    /// wait there.
    /// </summary>
    public bool IsDirect { get; init; }

    /// <summary>
    /// The descriptor is a block device's, which has a call of its own for what is not needed any
    /// more: it keeps nothing, and promises no zeroes.
    /// </summary>
    public bool IsDevice { get; set; }

    /// <summary>What is changed is on stable storage when it completes.</summary>
    public bool IsDurable { get; set; }

    /// <summary>Bytes from the start of the file.</summary>
    public long Offset { get; set; }

    /// <summary>Bytes; for reads and writes the sum of the vectors.</summary>
    public long Length { get; set; }

    /// <summary>Bytes done; less than <see cref="Length"/> when it ended early.</summary>
    public long Done { get; private set; }

    /// <summary>errno, or 0.</summary>
    public int Errno { get; private set; }

    /// <summary>For <see cref="FileOperation.Extent"/>: the first bytes are a hole.</summary>
    public bool IsHole { get; private set; }

    /// <summary>The system call that is next; not of <see cref="FileOperation.Extent"/>.</summary>
    internal FileStep Step { get; private set; }

    /// <summary>The step is BLKDISCARD instead of a hole.</summary>
    internal bool IsDeviceDiscard => IsDevice && Operation == FileOperation.PunchHole;

    /// <summary>Of reads and writes: the memory that is left.</summary>
    internal iovec* Vectors => _vectors + _first;

    internal int VectorCount => _count - _first;

    /// <summary>Where the next read or write begins, in bytes.</summary>
    internal long Position => Offset + Done;

    /// <summary>RWF_ flags of a write. Zeroes are made durable by a sync of their own.</summary>
    internal int WriteFlags =>
        IsDurable && Operation == FileOperation.Write ? Libc.RWF_DSYNC : 0;

    /// <summary>FALLOC_FL_ flags of the step.</summary>
    internal int FallocateMode => Libc.FALLOC_FL_KEEP_SIZE | (Step == FileStep.PunchHole
        ? Libc.FALLOC_FL_PUNCH_HOLE
        : Libc.FALLOC_FL_ZERO_RANGE);

    /// <summary>Forgets the vectors of the last use.</summary>
    public void ClearVectors() => _count = 0;

    public void AddVector(byte* data, int length)
    {
        Invariant.That(_count < _maxVectors);
        _vectors[_count++] = new iovec(data, length);
    }

    /// <summary>On the loop: the operation has ended, as the properties say.</summary>
    protected abstract void Completed();

    protected internal sealed override void Run() => Completed();

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) => NativeMemory.Free(_vectors);

    /// <summary>All of it, on the thread of who calls.</summary>
    internal void Execute()
    {
        Begin();
        if (Operation == FileOperation.Extent)
        {
            FindExtent();
            return;
        }
        bool more;
        do
        {
            more = Advance(FileCalls.Do(this));
        }
        while (more);
    }

    /// <summary>Before the first step.</summary>
    internal void Begin()
    {
        Done = 0;
        Errno = 0;
        _first = 0;
        Step = Operation switch
        {
            FileOperation.Write => FileStep.Write,
            FileOperation.Sync => FileStep.Sync,
            FileOperation.PunchHole or FileOperation.Zero => FileStep.PunchHole,
            FileOperation.ZeroAllocated => FileStep.ZeroRange,
            _ => FileStep.Read,
        };
    }

    /// <summary>
    /// Takes what the system call of the step has returned, or minus errno. True when there is
    /// another step.
    /// </summary>
    internal bool Advance(long result)
    {
        if (result == -Libc.EINTR) return true;
        return Step switch
        {
            FileStep.Read or FileStep.Write => Moved(result),
            FileStep.Sync => Synced(result),
            _ => Allocated(result),
        };
    }

    private bool Moved(long result)
    {
        if (result < 0) return Fail((int)-result);
        // The file is shorter than the device it stands for.
        if (result == 0 && Done < Length) return Fail(Libc.EIO);
        Done += result;
        if (Operation is not (FileOperation.Read or FileOperation.Write)) return WriteZeroes();
        SkipVectors(result);
        return Done < Length;
    }

    private bool Synced(long result)
    {
        // What is not known to be on stable storage is not done.
        Done = result < 0 ? 0 : Length;
        return result < 0 && Fail((int)-result);
    }

    private bool Allocated(long result)
    {
        if (result == -Libc.EOPNOTSUPP && Operation != FileOperation.PunchHole)
            return ZeroOtherwise();
        if (result < 0) return Fail((int)-result);
        Done = Length;
        return MakeDurable();
    }

    /// <summary>Some file systems have no zeroed ranges, tmpfs among them.</summary>
    private bool ZeroOtherwise()
    {
        if (Step == FileStep.ZeroRange) return WriteZeroes();
        Step = FileStep.ZeroRange;
        return true;
    }

    private bool WriteZeroes()
    {
        if (Done == Length) return MakeDurable();
        Step = FileStep.Write;
        _vectors[0] = new iovec(FileZeroes.Data, (int)Math.Min(FileZeroes.Length, Length - Done));
        _count = 1;
        return true;
    }

    private bool MakeDurable()
    {
        Step = FileStep.Sync;
        return IsDurable;
    }

    private bool Fail(int errno)
    {
        Errno = errno;
        return false;
    }

    private void SkipVectors(long bytes)
    {
        while (_first < _count && (nuint)bytes >= _vectors[_first].iov_len)
            bytes -= (long)_vectors[_first++].iov_len;
        if (bytes == 0) return;
        _vectors[_first].iov_base += bytes;
        _vectors[_first].iov_len -= (nuint)bytes;
    }

    private void FindExtent()
    {
        (IsHole, long end) = FileCalls.FindExtent(this);
        if (end < 0) Errno = (int)-end;
        else Done = Math.Min(end - Offset, Length);
    }
}
