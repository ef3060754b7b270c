// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Block;

/// <summary>The cap of a merge by what is in the queue.</summary>
public sealed class MergeCapTests
{
    private const int Kib = 1024;

    private readonly Bench _bench = new();

    private TestOwner Owner => _bench.Owner;

    [Theory]
    [InlineData(SchedulerKind.None, 16)]
    [InlineData(SchedulerKind.None, 64)]
    [InlineData(SchedulerKind.None, 256)]
    [InlineData(SchedulerKind.Deadline, 16)]
    [InlineData(SchedulerKind.Deadline, 64)]
    [InlineData(SchedulerKind.Deadline, 256)]
    public void A_deep_queue_of_neighbours_leaves_as_at_least_two_requests(
        SchedulerKind kind, int bios)
    {
        TestDevice device = Capped(kind);
        for (int i = 0; i < bios; i++) device.Give(Owner.Write(i * 4 * Kib, 4 * Kib));
        _bench.Loop.Settle();
        device.Sent.Count.ShouldBeGreaterThanOrEqualTo(2);
        device.Sent.ShouldAllBe(sent => sent.Length <= bios * 4 * Kib / 2);
        // And it still merges: not one request for each bio.
        device.Sent.Count.ShouldBeLessThanOrEqualTo(8);
        Owner.ShouldAllHaveEnded();
    }

    [Fact]
    public void A_merge_up_to_32_KiB_is_always_allowed()
    {
        TestDevice device = Capped(SchedulerKind.None);
        for (int i = 0; i < 8; i++) device.Give(Owner.Write(i * 4 * Kib, 4 * Kib));
        _bench.Loop.Settle();
        device.Ranges.ShouldBe([(0, 32 * Kib)]);
    }

    [Fact]
    public void What_is_in_flight_counts()
    {
        TestDevice device = Capped(SchedulerKind.None);
        device.DelayNs = null;
        _bench.Write(device, 8 << 20, 1 << 20);
        for (int i = 0; i < 64; i++) device.Give(Owner.Write(i * 4 * Kib, 4 * Kib));
        _bench.Loop.Settle();
        device.Ranges.Skip(1).ShouldBe([(0, 256 * Kib)]);
        device.CompleteAll();
        for (int i = 0; i < 64; i++) device.Give(Owner.Write(i * 4 * Kib, 4 * Kib));
        _bench.Loop.Settle();
        device.Sent.Count.ShouldBeGreaterThan(3);
    }

    [Fact]
    public void Without_the_cap_neighbours_become_one_request()
    {
        TestDevice device = _bench.Add("a");
        for (int i = 0; i < 64; i++) device.Give(Owner.Write(i * 4 * Kib, 4 * Kib));
        _bench.Loop.Settle();
        device.Sent.Count.ShouldBe(1);
    }

    [Fact]
    public void The_count_of_bytes_comes_back_to_nothing()
    {
        // Failures, cut bios, flushes and bios without data: afterwards the cap is as at first.
        var limits = new QueueLimits
        {
            MaxBytes = 64 * Kib, WriteCache = true, MaxDiscardBytes = 1 << 20,
        };
        TestDevice device = _bench.Add(
            "a", new QueueOptions { CapMerges = true, Depth = 4 }, limits);
        var random = new LoopRandom(5);
        device.Outcome = _ => random.Chance(300) ? BlockStatus.Medium : BlockStatus.Ok;
        device.Answer = _ => random.Chance(200) ? BlockStatus.IoError : BlockStatus.Ok;
        for (int i = 0; i < 200; i++)
        {
            BlockOperation operation = random.Chance(700)
                ? BlockOperation.Write
                : BlockOperation.Discard;
            BioFlags flags = random.Chance(200) ? BioFlags.Fua | BioFlags.Preflush : BioFlags.None;
            long length = 4 * Kib * (1 + random.Next(64));
            device.Give(Owner.Make(operation, random.Next(1000) * 4 * Kib, length, flags));
            if (random.Chance(300)) _bench.Loop.Settle();
        }
        _bench.Loop.Settle();
        Owner.Open.ShouldBe(0);
        device.Queue.MergeCap.ShouldBe(32 * Kib);
    }

    [Fact]
    public void Retried_bytes_are_counted_once()
    {
        TestDevice device = Capped(SchedulerKind.None);
        device.DelayNs = null;
        _bench.Write(device, 0, 1 << 20);
        long cap = device.Queue.MergeCap;
        Request request = device.InFlight[0];
        device.Forget(request);
        device.Queue.Requeue(request, 512 * Kib, 0);
        device.Queue.MergeCap.ShouldBe(cap / 2);
        _bench.Loop.Settle();
        device.CompleteFirst();
        device.Queue.MergeCap.ShouldBe(32 * Kib);
    }

    private TestDevice Capped(SchedulerKind kind) =>
        _bench.Add("a", new QueueOptions { CapMerges = true, Depth = 256, Scheduler = kind });
}
