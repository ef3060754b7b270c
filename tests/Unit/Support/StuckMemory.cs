// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Io;
using Braid.Io.Abi;
using Microsoft.Win32.SafeHandles;

namespace Braid.Tests.Unit.Support;

/// <summary>
/// A page that nobody fills (userfaultfd(2)): whoever touches it, the kernel too, hangs until this
/// is disposed of. No signal and no cancel ends that.
/// </summary>
internal sealed unsafe partial class StuckMemory : IDisposable
{
    private const int Page = 4096;
    private const ulong UFFD_API = 0xAA;
    private const nuint UFFDIO_API = 0xC018AA3F;
    private const nuint UFFDIO_REGISTER = 0xC020AA00;
    private const ulong UFFDIO_REGISTER_MODE_MISSING = 1;

    /// <summary>struct uffd_msg.</summary>
    private const int MessageBytes = 32;

    private readonly FileStream _faults;
    private readonly byte* _memory;

    private StuckMemory(int fd)
    {
        _faults = new FileStream(new SafeFileHandle(fd, ownsHandle: true), FileAccess.Read, 0);
        _memory = (byte*)Libc.mmap(
            null, Page, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS,
            -1, 0);
        ulong* api = stackalloc ulong[] { UFFD_API, 0, 0 };
        Libc.ioctl(fd, UFFDIO_API, api).ShouldBe(0);
        ulong* range = stackalloc ulong[]
        {
            (ulong)_memory, Page, UFFDIO_REGISTER_MODE_MISSING, 0,
        };
        Libc.ioctl(fd, UFFDIO_REGISTER, range).ShouldBe(0);
    }

    /// <summary>Skips the running test where the machine does not allow it.</summary>
    public static StuckMemory Make()
    {
        int number = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 282 : 323;
        int fd = (int)SystemCall(number, Libc.O_CLOEXEC);
        if (fd < 0) Assert.Skip("the machine does not allow userfaultfd");
        return new StuckMemory(fd);
    }

    public void AddTo(FileJob job)
    {
        job.AddVector(_memory, Page);
        job.Length += Page;
    }

    /// <summary>Somebody has touched it, and hangs.</summary>
    public Task TouchedAsync() => Task.Run(() => _faults.ReadExactly(new byte[MessageBytes]));

    /// <summary>Who hangs goes on; the memory stays, since that may take a moment.</summary>
    public void Dispose() => _faults.Dispose();

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, int flags);
}
