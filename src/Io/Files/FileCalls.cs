// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>The steps of file jobs as system calls that block: for worker threads.</summary>
internal static unsafe class FileCalls
{
    /// <summary>Does the step. Returns bytes, or 0 where there are none, or minus errno.</summary>
    public static long Do(FileJob job)
    {
        long result = job.Step switch
        {
            FileStep.Read =>
                Libc.preadv2(job.Fd, job.Vectors, job.VectorCount, job.Position, 0),
            FileStep.Write => Libc.pwritev2(
                job.Fd, job.Vectors, job.VectorCount, job.Position, job.WriteFlags),
            FileStep.Sync => Libc.fdatasync(job.Fd),
            FileStep.PunchHole when job.IsDeviceDiscard => Discard(job),
            _ => Libc.fallocate(job.Fd, job.FallocateMode, job.Offset, job.Length),
        };
        return result >= 0 ? result : -Marshal.GetLastPInvokeError();
    }

    /// <summary>
    /// Whether there is a hole at the offset, and where it, or the data, ends; minus errno for an
    /// end when that cannot be told.
    /// </summary>
    public static (bool IsHole, long End) FindExtent(FileJob job)
    {
        long data = Libc.lseek(job.Fd, job.Offset, Libc.SEEK_DATA);
        // No data up to the end of the file.
        if (data < 0 && Marshal.GetLastPInvokeError() == Libc.ENXIO)
            data = job.Offset + job.Length;
        if (data > job.Offset) return (true, data);
        long end = Libc.lseek(job.Fd, job.Offset, Libc.SEEK_HOLE);
        if (end < 0) return (false, -Marshal.GetLastPInvokeError());
        // A hole since the call before: that it is data was true, and is always right to say.
        return (false, end > job.Offset ? end : job.Offset + job.Length);
    }

    private static int Discard(FileJob job)
    {
        ulong* range = stackalloc ulong[] { (ulong)job.Offset, (ulong)job.Length };
        return Libc.ioctl(job.Fd, Libc.BLKDISCARD, range);
    }
}
