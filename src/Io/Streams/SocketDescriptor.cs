// SPDX-License-Identifier: Apache-2.0
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>
/// The descriptor of a socket of the control plane. Closing ends the calls that wait for it, and
/// gives the number back when the last of them has let go: nobody ever waits for a successor.
/// Thread-safe.
/// </summary>
internal sealed class SocketDescriptor(int fd)
{
    private readonly Lock _lock = new();
    private int _users;
    private bool _closed;

    /// <summary>Keeps the descriptor open until <see cref="Release"/>.</summary>
    /// <exception cref="IOException">It was closed before.</exception>
    public int Acquire()
    {
        lock (_lock)
        {
            if (_closed) throw new IOException("the socket is closed");
            _users++;
            return fd;
        }
    }

    public void Release()
    {
        lock (_lock)
        {
            if (--_users == 0 && _closed) _ = Libc.close(fd);
        }
    }

    public void Close()
    {
        lock (_lock)
        {
            if (_closed) return;
            _closed = true;
            // What waits for readiness wakes up, tries again, and hears that there is no more.
            if (_users > 0) _ = Libc.shutdown(fd, Libc.SHUT_RDWR);
            else _ = Libc.close(fd);
        }
    }

    /// <summary>Hands the number over to a loop's stream.</summary>
    public int Detach()
    {
        lock (_lock)
        {
            Invariant.That(!_closed && _users == 0);
            _closed = true;
            return fd;
        }
    }
}
