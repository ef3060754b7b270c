// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Braid.Tests.Unit.Support;

/// <summary>
/// A system call that is refused, as containers do it, by seccomp(2): for one thread alone.
/// </summary>
internal static unsafe partial class Forbidden
{
    private const int PR_SET_SECCOMP = 22;
    private const int PR_SET_NO_NEW_PRIVS = 38;
    private const nuint SECCOMP_MODE_FILTER = 2;
    private const uint SECCOMP_RET_ALLOW = 0x7FFF0000;
    private const uint SECCOMP_RET_ERRNO_EPERM = 0x00050001;
    private const ushort LoadWord = 0x20;
    private const ushort JumpIfEqual = 0x15;
    private const ushort Return = 0x06;

    /// <summary>Runs the action where the call is refused with EPERM; what it threw.</summary>
    public static Exception? Run(int call, Action action)
    {
        Exception? error = null;
        var thread = new Thread(() =>
        {
            try
            {
                Forbid((uint)call);
                action();
            }
            catch (Exception thrown)
            {
                error = thrown;
            }
        });
        thread.Start();
        thread.Join();
        return error;
    }

    private static void Forbid(uint call)
    {
        Span<Instruction> filter =
        [
            new(LoadWord, 0, 0, 0),
            new(JumpIfEqual, 0, 1, call),
            new(Return, 0, 0, SECCOMP_RET_ERRNO_EPERM),
            new(Return, 0, 0, SECCOMP_RET_ALLOW),
        ];
        fixed (Instruction* first = filter)
        {
            FilterProgram program = new() { Length = (ushort)filter.Length, First = first };
            prctl(PR_SET_NO_NEW_PRIVS, 1, null, 0, 0).ShouldBe(0);
            prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0).ShouldBe(0);
        }
    }

    [LibraryImport("libc")]
    private static partial int prctl(int what, nuint a, void* b, nuint c, nuint d);

    /// <summary>struct sock_filter of linux/filter.h.</summary>
    private readonly record struct Instruction(ushort Code, byte Then, byte Else, uint Value);

    /// <summary>struct sock_fprog of linux/filter.h.</summary>
    private struct FilterProgram
    {
        public ushort Length;
        public Instruction* First;
    }
}
