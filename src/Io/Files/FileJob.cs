// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>What a file worker does.</summary>
public enum FileOperation : byte
{
    Read,
    Write,

    /// <summary>fdatasync.</summary>
    Sync,

    /// <summary>Punch a hole; reads as zeroes afterwards.</summary>
    PunchHole,

    /// <summary>
    /// Zero a range, by a hole where that can be; written out where nothing else can.
    /// </summary>
    Zero,

    /// <summary>The same, but the range stays allocated.</summary>
    ZeroAllocated,

    /// <summary>Whether the range begins in a hole, and how far that goes.</summary>
    Extent,
}

/// <summary>
/// One file operation, allocated once for each tag. Threads: filled by the loop, then the worker's
/// until <see cref="Completed"/> runs on the loop again.
/// </summary>
public abstract unsafe class FileJob : LoopMessage, IDisposable
{
    private const int ZeroChunk = 1 << 20;
    private const int ZeroAlignment = 4096;

    private readonly iovec* _vectors;
    private readonly int _maxVectors;
    private int _count;

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

    /// <summary>On a worker's thread.</summary>
    internal void Execute()
    {
        Done = 0;
        Errno = 0;
        switch (Operation)
        {
            case FileOperation.Read:
            case FileOperation.Write:
                Transfer();
                break;
            case FileOperation.Sync:
                Finish(Libc.fdatasync(Fd));
                break;
            case FileOperation.PunchHole:
                Finish(Fallocate(Libc.FALLOC_FL_PUNCH_HOLE));
                MakeDurable();
                break;
            case FileOperation.Zero:
            case FileOperation.ZeroAllocated:
                Zero();
                MakeDurable();
                break;
            case FileOperation.Extent:
                FindExtent();
                break;
            default:
                Invariant.Broken($"file operation {Operation}");
                break;
        }
    }

    private int Fallocate(int mode) =>
        Libc.fallocate(Fd, mode | Libc.FALLOC_FL_KEEP_SIZE, Offset, Length);

    private void MakeDurable()
    {
        if (IsDurable && Errno == 0) Finish(Libc.fdatasync(Fd));
    }

    private void Zero()
    {
        if (Operation == FileOperation.Zero) Finish(Fallocate(Libc.FALLOC_FL_PUNCH_HOLE));
        else Errno = Libc.EOPNOTSUPP;
        if (Errno == Libc.EOPNOTSUPP) Finish(Fallocate(Libc.FALLOC_FL_ZERO_RANGE));
        if (Errno == Libc.EOPNOTSUPP) WriteZeroes();
    }

    /// <summary>For file systems without FALLOC_FL_ZERO_RANGE, tmpfs among them.</summary>
    private void WriteZeroes()
    {
        Errno = 0;
        byte* zeroes = (byte*)NativeMemory.AlignedAlloc(ZeroChunk, ZeroAlignment);
        NativeMemory.Clear(zeroes, ZeroChunk);
        while (Done < Length && Errno == 0)
        {
            iovec vector = new(zeroes, (int)Math.Min(ZeroChunk, Length - Done));
            nint written = Libc.pwritev2(Fd, &vector, 1, Offset + Done, 0);
            if (written > 0) Done += written;
            else Errno = written == 0 ? Libc.EIO : Marshal.GetLastPInvokeError();
            if (Errno == Libc.EINTR) Errno = 0;
        }
        NativeMemory.AlignedFree(zeroes);
    }

    private void Finish(int result)
    {
        Errno = 0;
        if (result == 0) Done = Length;
        else Errno = Marshal.GetLastPInvokeError();
    }

    /// <summary>Reads or writes on until all is done, the file ends or an error comes.</summary>
    private void Transfer()
    {
        iovec* vectors = _vectors;
        int count = _count;
        while (Done < Length)
        {
            nint moved = TransferOnce(vectors, count);
            if (moved < 0)
            {
                int errno = Marshal.GetLastPInvokeError();
                if (errno == Libc.EINTR) continue;
                Errno = errno;
                return;
            }
            if (moved == 0)
            {
                // The file is shorter than the device it stands for.
                Errno = Libc.EIO;
                return;
            }
            Done += moved;
            while (count > 0 && (nuint)moved >= vectors->iov_len)
            {
                moved -= (nint)vectors->iov_len;
                vectors++;
                count--;
            }
            if (moved == 0) continue;
            vectors->iov_base += moved;
            vectors->iov_len -= (nuint)moved;
        }
    }

    private nint TransferOnce(iovec* vectors, int count)
    {
        if (Operation == FileOperation.Read)
            return Libc.preadv2(Fd, vectors, count, Offset + Done, 0);
        int flags = IsDurable ? Libc.RWF_DSYNC : 0;
        return Libc.pwritev2(Fd, vectors, count, Offset + Done, flags);
    }

    private void FindExtent()
    {
        long data = Libc.lseek(Fd, Offset, Libc.SEEK_DATA);
        if (data < 0 && Marshal.GetLastPInvokeError() == Libc.ENXIO) data = Offset + Length;
        IsHole = data > Offset;
        long end = IsHole ? data : Libc.lseek(Fd, Offset, Libc.SEEK_HOLE);
        if (end < 0) Errno = Marshal.GetLastPInvokeError();
        else Done = Math.Min(end - Offset, Length);
    }
}
