// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>
/// A file or block device opened for <see cref="FileJob"/>s. Owned by who opened it.
/// </summary>
public sealed class OpenFile : IDisposable
{
    private unsafe OpenFile(int fd, long sizeBytes, bool readOnly)
    {
        Fd = fd;
        SizeBytes = sizeBytes;
        int value = 0;
        SectorBytes = Libc.ioctl(fd, Libc.BLKSSZGET, &value) == 0 ? value : 0;
        // Root may open a device for writing that then refuses each write.
        value = 0;
        IsReadOnly = readOnly || (Libc.ioctl(fd, Libc.BLKROGET, &value) == 0 && value != 0);
    }

    public int Fd { get; private set; }

    /// <summary>Length of the file, or size of the block device.</summary>
    public long SizeBytes { get; }

    /// <summary>
    /// Of a block device: what each I/O to it is made of, in bytes (BLKSSZGET). 0 for a file.
    /// </summary>
    public int SectorBytes { get; }

    /// <summary>It could not be opened for writing, or is a device that is not for it.</summary>
    public bool IsReadOnly { get; }

    /// <summary>
    /// Opens for reading and writing, or for reading where writing is not allowed.
    /// </summary>
    /// <exception cref="ErrnoException">It cannot be opened.</exception>
    public static OpenFile Open(string path, bool direct)
    {
        int flags = Libc.O_CLOEXEC | (direct ? Libc.O_DIRECT : 0);
        bool readOnly = false;
        int fd = Libc.open(path, flags | Libc.O_RDWR, 0);
        if (fd < 0 && Marshal.GetLastPInvokeError() is Libc.EACCES or Libc.EROFS)
        {
            readOnly = true;
            fd = Libc.open(path, flags | Libc.O_RDONLY, 0);
        }
        if (fd < 0) throw ErrnoException.Last("open", path);
        long size = Libc.lseek(fd, 0, Libc.SEEK_END);
        if (size >= 0) return new OpenFile(fd, size, readOnly);
        ErrnoException error = ErrnoException.Last("lseek", path);
        _ = Libc.close(fd);
        throw error;
    }

    public void Dispose()
    {
        if (Fd >= 0) _ = Libc.close(Fd);
        Fd = -1;
    }
}
