// SPDX-License-Identifier: Apache-2.0
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>
/// The eventfd that ends a loop's sleep. Owned by the loop. Threads: any may signal it, only the
/// loop's clears it.
/// </summary>
internal sealed unsafe class LoopWakeUp : IDisposable
{
    public LoopWakeUp()
    {
        Fd = Libc.eventfd(0, Libc.EFD_CLOEXEC);
        if (Fd < 0) throw ErrnoException.Last("eventfd");
    }

    /// <summary>Readable when signalled; a read of 8 bytes clears it.</summary>
    public int Fd { get; }

    public void Signal()
    {
        ulong one = 1;
        _ = Libc.write(Fd, &one, sizeof(ulong));
    }

    /// <summary>Only when it is known to be readable: it blocks otherwise.</summary>
    public void Clear()
    {
        ulong count;
        _ = Libc.read(Fd, &count, sizeof(ulong));
    }

    public void Dispose() => _ = Libc.close(Fd);
}
