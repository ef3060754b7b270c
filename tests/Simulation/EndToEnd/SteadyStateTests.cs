// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Daemon;
using Braid.Io;

namespace Braid.Tests.Simulation;

/// <summary>
/// What one I/O costs in a steady run, over real sockets, on each backend: counts, never times.
/// </summary>
public abstract class SteadyStateTests(IoBackend backend)
{
    private const int Kib = 1024;

    public static TheoryData<string, Workload> Workloads => new()
    {
        { "mq", new Workload(BlockOperation.Read, 4 * Kib, 1, true, 4000) },
        { "mq", new Workload(BlockOperation.Read, 4 * Kib, 32, true, 20_000) },
        { "mq", new Workload(BlockOperation.Write, 4 * Kib, 32, true, 20_000) },
        { "mq", new Workload(BlockOperation.Read, 4 * Kib, 32, false, 20_000) },
        { "mq", new Workload(BlockOperation.Write, 4 * Kib, 32, false, 20_000) },
        { "mq", new Workload(BlockOperation.Read, 128 * Kib, 8, false, 4000) },
        { "mq", new Workload(BlockOperation.Write, 128 * Kib, 8, false, 4000) },
        { "bio", new Workload(BlockOperation.Read, 4 * Kib, 32, true, 20_000) },
        { "bio", new Workload(BlockOperation.Write, 4 * Kib, 32, false, 20_000) },
        { "deadline", new Workload(BlockOperation.Write, 4 * Kib, 32, true, 20_000) },
        { "file", new Workload(BlockOperation.Read, 4 * Kib, 1, true, 4000) },
        { "file", new Workload(BlockOperation.Read, 4 * Kib, 32, true, 20_000) },
        { "file", new Workload(BlockOperation.Write, 4 * Kib, 32, true, 20_000) },
        { "file", new Workload(BlockOperation.Write, 4 * Kib, 32, false, 20_000) },
        { "file", new Workload(BlockOperation.Read, 128 * Kib, 8, false, 4000) },
    };

    [Theory]
    [MemberData(nameof(Workloads))]
    public void A_steady_run_allocates_nothing_on_the_loop(string mode, Workload workload)
    {
        using var house = new RealHouse(
            backend, options => Change(options, mode), ofFile: mode == "file");
        // Scattered first: nothing merges, and every slot that the depth needs is made.
        house.Run(workload with { Count = workload.Count / 4, IsRandom = true });
        house.Run(workload with { Count = workload.Count / 2 });
        long before = house.AllocatedByMap();
        house.Run(workload);
        long allocated = house.AllocatedByMap() - before;
        // Asking costs a message with its task and its closure, whatever the number of I/Os.
        allocated.ShouldBeLessThan(2048);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_deep_queue_shares_its_system_calls(bool ofFile)
    {
        using var house = new RealHouse(backend, options => options, ofFile);
        var workload = new Workload(BlockOperation.Read, 4 * Kib, 32, true, 20_000);
        house.Run(workload);
        long callsBefore = house.MapStatistics.SystemCalls;
        house.Run(workload);
        double calls = house.MapStatistics.SystemCalls - callsBefore;
        // For one I/O alone, a receive and a send for client and path each, and two waits, are 6,
        // or two calls that do it all. A file on epoll is the workers' business, whose word wakes
        // the loop; a ring has no call for it.
        double limit = backend == IoBackend.Epoll ? 4 : ofFile ? 1 : 1.5;
        (calls / workload.Count).ShouldBeLessThan(limit);
    }

    private static MapOptions Change(MapOptions options, string mode) => mode switch
    {
        "bio" => options with { BioMode = true },
        "deadline" => options with
        {
            Queue = options.Queue with { Scheduler = SchedulerKind.Deadline },
        },
        _ => options,
    };
}

public sealed class EpollSteadyStateTests() : SteadyStateTests(IoBackend.Epoll);

public sealed class UringSteadyStateTests() : SteadyStateTests(IoBackend.IoUring);
