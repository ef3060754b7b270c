// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Braid.Io;

/// <summary>
/// A system call of the control plane failed; carries the call, its object and errno.
/// </summary>
public sealed class ErrnoException : IOException
{
    public ErrnoException(string call, string what, int errno)
        : base($"{call}{(what.Length > 0 ? " " : "")}{what}: "
            + Marshal.GetPInvokeErrorMessage(errno))
    {
        Call = call;
        Errno = errno;
    }

    /// <summary>The system call, as its manual page is named.</summary>
    public string Call { get; }

    /// <summary>errno of the failed call.</summary>
    public int Errno { get; }

    internal static ErrnoException Last(string call, string what = "") =>
        new(call, what, Marshal.GetLastPInvokeError());
}
