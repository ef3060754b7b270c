// SPDX-License-Identifier: Apache-2.0
namespace Braid.Daemon;

/// <summary>The place of one channel among those that serve the same maps.</summary>
/// <param name="Index">
/// Of its loop; 0 is the lead, which accepts clients, takes commands and writes the log.
/// </param>
/// <param name="Channels">All of them.</param>
/// <param name="Stores">What paths to memory share.</param>
internal sealed record ChannelSeat(int Index, ChannelSet Channels, MemoryStores Stores)
{
    public bool IsLead => Index == 0;
}
