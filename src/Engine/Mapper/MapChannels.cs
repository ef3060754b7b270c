// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;

namespace Braid.Mapper;

/// <summary>
/// One map on several loops: on each a device of its own. Threads: each loop writes its own place
/// once, before the map has a client, and what stands there is used on that loop only.
/// </summary>
/// <param name="links">Between the loops; not owned.</param>
public sealed class MapChannels(ILoopLinks links)
{
    private readonly MappedDevice?[] _devices = new MappedDevice?[links.Count];

    /// <summary>Loops, each with a device of the map.</summary>
    public int Count => links.Count;

    /// <summary>
    /// The device of one loop, when all have joined; for others than that loop only a name.
    /// </summary>
    public BlockDevice On(int channel) => _devices[channel]!;

    /// <summary>On that loop: its device is there, and has no I/O yet.</summary>
    public void Join(int channel, MappedDevice device)
    {
        _devices[channel] = device;
        device.Join(this, channel);
    }

    internal void TellOthers(int from, Action<ShieldPeers> tell)
    {
        for (int to = 0; to < Count; to++)
            if (to != from) Tell(from, to, tell);
    }

    internal void Tell(int from, int to, Action<ShieldPeers> tell) =>
        links.Post(from, to, () =>
        {
            if (_devices[to]?.Shield?.Peers is { } peers) tell(peers);
        });
}
