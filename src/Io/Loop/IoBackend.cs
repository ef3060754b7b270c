// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>What a loop of the machine waits with.</summary>
public enum IoBackend
{
    /// <summary>Runs everywhere.</summary>
    Epoll,

    /// <summary>Linux 5.15 on, where it is allowed: many containers forbid it.</summary>
    IoUring,

    /// <summary>io_uring where it is allowed, else epoll.</summary>
    Auto,
}
