// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Tests.Unit.Support;

namespace Braid.Tests.Unit.Block;

/// <summary>A scheduler by itself, with requests from a queue that never dispatches them.</summary>
internal sealed class SchedulerBench
{
    private readonly RequestQueue _queue;
    private readonly TestOwner _owner = new();

    public SchedulerBench(SchedulerKind kind, QueueLimits? limits = null, ulong seed = 1)
    {
        Loop = new SimulatedLoop(seed);
        var options = new QueueOptions { Depth = 4096 };
        _queue = new TestDevice(Loop, "a", options, limits).Queue;
        Scheduler = kind == SchedulerKind.Deadline
            ? new DeadlineScheduler(_queue)
            : new NoneScheduler(_queue);
    }

    public SimulatedLoop Loop { get; }

    public RequestScheduler Scheduler { get; }

    public BlockStatistics Statistics => _queue.Statistics;

    /// <summary>Requests that a scheduler holds, or that were taken and not put back.</summary>
    public int Requests => _queue.Tags.InUse;

    public Request Insert(BlockOperation operation, long offset, long length = 4096)
    {
        Request request = Take(_owner.Make(operation, offset, length));
        Scheduler.Insert(request);
        return request;
    }

    /// <summary>A request with that bio, in no list.</summary>
    public Request Take(Bio bio)
    {
        Request request = _queue.Tags.TryTake()!;
        request.Begin(bio);
        return request;
    }

    public bool TryMerge(BlockOperation operation, long offset, long length = 4096) =>
        Scheduler.TryMerge(_owner.Make(operation, offset, length));

    public Bio Make(BlockOperation operation, long offset, long length) =>
        _owner.Make(operation, offset, length);

    /// <summary>Takes a request and gives its tag back.</summary>
    public (BlockOperation Operation, long Offset, long Length)? Take()
    {
        if (Scheduler.TakeNext() is not { } request) return null;
        var taken = (request.Operation, request.Offset, request.Length);
        Free(request);
        return taken;
    }

    public void Free(Request request)
    {
        request.FirstBio = null;
        _queue.Tags.Return(request);
    }

    /// <summary>Takes all; their offsets in units of 64 KiB, writes below zero less one.</summary>
    public List<long> Drain()
    {
        var order = new List<long>();
        while (Take() is { } taken)
        {
            long unit = taken.Offset / 65536;
            order.Add(taken.Operation == BlockOperation.Read ? unit : -unit - 1);
        }
        return order;
    }
}
