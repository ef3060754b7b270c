// SPDX-License-Identifier: Apache-2.0
using Braid.Bench.Micro;

namespace Braid.Tests.Bench;

/// <summary>What `./bench engine` measures is what it says.</summary>
public sealed class EngineTests
{
    /// <summary>One loop: two of them are two of these.</summary>
    public static TheoryData<EngineCase> Cases =>
        [.. EngineCases.Full.Where(its => its.Loops == 1)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_run_ends_every_bio_and_allocates_nothing(EngineCase its)
    {
        var load = new EngineLoad(its);
        load.Run();
        // A path that fails is logged, and an event: that is not the way of a request.
        bool isQuiet = its.Stream != EngineStream.Failover;
        long before = GC.GetAllocatedBytesForCurrentThread();
        load.Run();
        long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        load.Ended.ShouldBe(2 * EngineLoad.BiosPerRun);
        if (isQuiet) bytes.ShouldBe(0);
    }

    [Theory]
    [InlineData(EngineStream.Scattered, EngineCases.Rq, 32)]
    [InlineData(EngineStream.Neighbours, EngineCases.Rq, 3)]
    [InlineData(EngineStream.Scattered, EngineCases.Bio, 32)]
    [InlineData(EngineStream.Neighbours, EngineCases.Bio, 32)]
    public void Neighbours_leave_as_few_requests_where_a_queue_sees_them(
        EngineStream stream, string mode, int requestsOfBurst)
    {
        var load = new EngineLoad(EngineCases.Goal with { Stream = stream, QueueMode = mode });
        load.Run();
        load.Requests.ShouldBe(EngineLoad.BiosPerRun / EngineLoad.Burst * requestsOfBurst);
        load.Requeues.ShouldBe(0);
    }

    [Fact]
    public void Half_of_the_requests_of_a_failover_are_requeued()
    {
        var load = new EngineLoad(EngineCases.Goal with { Stream = EngineStream.Failover });
        load.Run();
        load.Requeues.ShouldBe(EngineLoad.BiosPerRun / 2);
        load.Ended.ShouldBe(EngineLoad.BiosPerRun);
    }
}
