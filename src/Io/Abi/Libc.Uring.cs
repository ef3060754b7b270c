// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Braid.Io.Abi;

/// <summary>
/// io_uring by its raw system calls (io_uring_setup(2) and its kin), and the constants they take.
/// </summary>
internal static unsafe partial class Libc
{
    public const int __NR_io_uring_setup = 425;
    public const int __NR_io_uring_enter = 426;
    public const int __NR_io_uring_register = 427;

    public const uint IORING_SETUP_CQSIZE = 1 << 3;
    public const uint IORING_SETUP_R_DISABLED = 1 << 6;
    public const uint IORING_SETUP_COOP_TASKRUN = 1 << 8;
    public const uint IORING_SETUP_TASKRUN_FLAG = 1 << 9;
    public const uint IORING_SETUP_SINGLE_ISSUER = 1 << 12;
    public const uint IORING_SETUP_DEFER_TASKRUN = 1 << 13;

    public const uint IORING_FEAT_SINGLE_MMAP = 1 << 0;
    public const uint IORING_FEAT_NODROP = 1 << 1;
    public const uint IORING_FEAT_SUBMIT_STABLE = 1 << 2;
    public const uint IORING_FEAT_FAST_POLL = 1 << 5;
    public const uint IORING_FEAT_EXT_ARG = 1 << 8;
    public const uint IORING_FEAT_CQE_SKIP = 1 << 11;

    public const long IORING_OFF_SQ_RING = 0;
    public const long IORING_OFF_SQES = 0x10000000;

    public const uint IORING_SQ_CQ_OVERFLOW = 1 << 1;
    public const uint IORING_SQ_TASKRUN = 1 << 2;

    public const uint IORING_ENTER_GETEVENTS = 1 << 0;
    public const uint IORING_ENTER_EXT_ARG = 1 << 3;

    public const uint IORING_REGISTER_PROBE = 8;
    public const uint IORING_REGISTER_ENABLE_RINGS = 12;
    public const ushort IO_URING_OP_SUPPORTED = 1 << 0;

    public const byte IORING_OP_READV = 1;
    public const byte IORING_OP_WRITEV = 2;
    public const byte IORING_OP_FSYNC = 3;
    public const byte IORING_OP_POLL_ADD = 6;
    public const byte IORING_OP_SENDMSG = 9;
    public const byte IORING_OP_RECVMSG = 10;
    public const byte IORING_OP_ASYNC_CANCEL = 14;
    public const byte IORING_OP_FALLOCATE = 17;
    public const byte IORING_OP_READ = 22;
    public const byte IORING_OP_WRITE = 23;
    public const byte IORING_OP_RECV = 27;
    public const byte IORING_OP_SOCKET = 45;

    public const uint IORING_FSYNC_DATASYNC = 1 << 0;
    public const byte IOSQE_CQE_SKIP_SUCCESS = 1 << 6;
    public const ushort IORING_RECVSEND_POLL_FIRST = 1 << 0;
    public const uint IORING_CQE_F_SOCK_NONEMPTY = 1 << 2;

    public const int ENOSYS = 38;
    public const int EPERM = 1;
    public const int EBUSY = 16;
    public const int ETIME = 62;
    public const int ECANCELED = 125;

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SetUp(nint number, uint entries, io_uring_params* parameters);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Enter(
        nint number, int fd, uint toSubmit, uint minComplete, uint flags, void* arg, nuint size);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Register(
        nint number, int fd, uint opcode, void* arg, uint count);

    public static int io_uring_setup(uint entries, io_uring_params* parameters) =>
        (int)SetUp(__NR_io_uring_setup, entries, parameters);

    public static int io_uring_enter(
        int fd, uint toSubmit, uint minComplete, uint flags, void* arg, nuint size) =>
        (int)Enter(__NR_io_uring_enter, fd, toSubmit, minComplete, flags, arg, size);

    public static int io_uring_register(int fd, uint opcode, void* arg, uint count) =>
        (int)Register(__NR_io_uring_register, fd, opcode, arg, count);
}
