// SPDX-License-Identifier: Apache-2.0
namespace Braid.Exports.Nbd;

/// <summary>
/// How much one client has in flight, for the <see cref="FloodGate"/> of its device. On the loop.
/// </summary>
internal sealed class ClientLoad(FloodGate gate)
{
    /// <summary>So long a client is what it was: a flood, or there at all.</summary>
    public const long MemoryNs = 10_000_000;

    private long _floodUntilNs;

    /// <summary>It has, or would have, more in flight than who waits for each command.</summary>
    public bool IsFlood => gate.NowNs < _floodUntilNs;

    /// <summary>Another waits for each of its commands, and this one's wait for it.</summary>
    public bool IsHeldBack => gate.IsShut(this);

    /// <summary>Whether it may have one more command in flight than so many.</summary>
    public bool MayTake(int active) => active < FloodDepth.Least || gate.Admits(this, active);

    /// <summary>It has begun a command, and has so many.</summary>
    public void Started(int active)
    {
        if (active > FloodGate.LightDepth) BeFlood();
        gate.Started(this, active);
    }

    /// <summary>One is over, and it has so many more.</summary>
    public void Ended(int active)
    {
        if (active >= FloodGate.LightDepth) BeFlood();
        gate.Ended(this, active);
    }

    public void BeFlood() => _floodUntilNs = gate.NowNs + MemoryNs;

    /// <summary>It has gone. False when it was the last of its gate.</summary>
    public bool Leave() => gate.Remove(this);
}
