// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>A descriptor that an <see cref="EpollLoop"/> watches. Loop's thread only.</summary>
internal abstract class EpollSource
{
    /// <summary>Place in the loop's table; -1 while not watched.</summary>
    public int Slot { get; set; } = -1;

    /// <summary>The descriptor is ready: EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR.</summary>
    public abstract void OnEvents(uint events);
}
