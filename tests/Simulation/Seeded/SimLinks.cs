// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Tests.Simulation;

/// <summary>
/// Between channels that are all on one simulated loop: what is posted takes a time of its own,
/// from none to as long as the seed says, and keeps its order only with what goes the same way. A
/// machine is kinder: so the interleavings of its loops are all among these.
/// </summary>
internal sealed class SimLinks(SimWorld world) : ILoopLinks
{
    private readonly LoopRandom _random = SimRandom.For(world.Plan.Seed, "links");
    private readonly long[,] _due = new long[world.Plan.Channels, world.Plan.Channels];

    public int Count => world.Plan.Channels;

    public void Post(int from, int to, Action action)
    {
        long now = world.Loop.NowNs;
        long delay = _random.Chance(300) ? 0 : _random.Next(world.Plan.Loops.LinkNs);
        long due = Math.Max(_due[from, to], now + delay);
        _due[from, to] = due;
        world.After(due - now, action);
    }
}
