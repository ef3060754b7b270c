// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Daemon;
using Braid.Io;
using Braid.Mapper;

namespace Braid.Tests.Simulation;

/// <summary>Nothing is left of a house that was taken down.</summary>
internal static class SimLeaks
{
    public static void Check(SimWorld world)
    {
        CheckDaemon(world);
        foreach (SimClient client in world.Clients) CheckQueue(client.Device.Queue, client.Name);
        if (world.Loop.Timers.TryPop(long.MaxValue, long.MaxValue, out LoopTimer timer))
            throw new SimFailure($"left behind: a timer for {timer.Callback.Method} "
                + $"of {timer.Callback.Target?.GetType().Name}");
    }

    /// <summary>Of one that has stopped, while its clients and servers go on.</summary>
    public static void CheckDaemon(SimWorld world)
    {
        Zero(world.Caches?.Kept.Reserved ?? 0, "bytes reserved for writes to be kept");
        foreach (MapStack stack in world.Stacks) CheckChannel(stack);
    }

    private static void CheckChannel(MapStack stack)
    {
        MappedDevice map = stack.Map!;
        string held = string.Join("; ", map.Held().Take(5));
        Zero(map.InFlight, $"I/Os in the map: {held}");
        Zero(map.Statistics.InFlight, "requests at the map's target");
        if (map.Queue is { } queue) CheckQueue(queue, "the map");
        Zero(stack.Pool.InUse, "bytes of I/O memory");
        Zero(stack.Exports.Servers.Sum(server => server.Clients), "clients of the export");
        Zero(map.OpenCount, "holders of the map");
        foreach (PathDevice path in stack.Paths.All) CheckQueue(path.Queue, path.Name);
    }

    private static void CheckQueue(RequestQueue queue, string whose)
    {
        Zero(queue.Tags.InUse, $"tags of {whose}");
        Zero(queue.Requeued, $"requests to be mapped again in {whose}");
        Zero(queue.Statistics.InFlight, $"requests in flight of {whose}");
    }

    private static void Zero(long count, string what)
    {
        if (count != 0) throw new SimFailure($"left behind: {count} {what}");
    }
}
