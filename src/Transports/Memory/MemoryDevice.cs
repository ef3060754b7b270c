// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;

namespace Braid.Transports.Memory;

/// <summary>A path to a <see cref="MemoryStore"/>. Completes at the end of the turn.</summary>
public sealed unsafe class MemoryDevice : PathDevice
{
    private readonly MemoryStore _store;
    private readonly CompletionTask _task;
    private readonly Queue<Request> _done;

    /// <param name="loop">The loop it is used on.</param>
    /// <param name="name">As tables call it.</param>
    /// <param name="store">Not owned.</param>
    /// <param name="options">Of its queue.</param>
    public MemoryDevice(IoLoop loop, string name, MemoryStore store, QueueOptions options)
        : base(loop, name, $"mem:{store.Name}", options)
    {
        _store = store;
        _task = new CompletionTask(this);
        _done = new Queue<Request>(options.Depth);
    }

    public override void Start() => Reached(_store.SizeBytes, new QueueLimits
    {
        LogicalBlockSize = 1,
        MaxDiscardBytes = long.MaxValue,
        MaxWriteZeroesBytes = long.MaxValue,
        Extents = true,
    });

    public override bool CanAbandon => true;

    public override void Stop() => Lost("stopped");

    public override BlockStatus QueueRequest(Request request)
    {
        if (State != PathState.Up) return BlockStatus.Transport;
        Execute(request);
        _done.Enqueue(request);
        Loop.Schedule(_task, TurnPhase.Dispatch);
        return BlockStatus.Ok;
    }

    public override void Abandon(Request read)
    {
        // It was copied when it came: nothing is written any more.
    }

    protected override void Dispose(bool disposing)
    {
        // The store is the process's.
    }

    private void Execute(Request request)
    {
        switch (request.Operation)
        {
            case BlockOperation.Read:
            case BlockOperation.Write:
                Copy(request);
                break;
            case BlockOperation.Discard:
            case BlockOperation.WriteZeroes:
                Zero(request.Offset, request.Length);
                break;
            case BlockOperation.Extents:
                *(BlockExtent*)request.FirstBio!.Data = new BlockExtent(request.Length, 0);
                request.FirstBio.ExtentCount = 1;
                break;
            case BlockOperation.Flush:
            default:
                break;
        }
    }

    private void Copy(Request request)
    {
        byte* stored = _store.At(request.Offset);
        for (Bio? bio = request.FirstBio; bio is not null; bio = bio.Next)
        {
            int length = bio.Left;
            byte* from = request.IsWrite ? bio.Cursor : stored;
            byte* to = request.IsWrite ? stored : bio.Cursor;
            Buffer.MemoryCopy(from, to, length, length);
            stored += length;
        }
    }

    private void Zero(long offset, long length)
    {
        for (long done = 0; done < length; done += 1 << 30)
            new Span<byte>(_store.At(offset + done), (int)Math.Min(1 << 30, length - done)).Clear();
    }

    private void CompleteAll()
    {
        while (_done.TryDequeue(out Request? request)) Queue.Complete(request, BlockStatus.Ok);
    }

    /// <summary>
    /// Completions wait for the end of the turn: a driver may not complete at once.
    /// </summary>
    private sealed class CompletionTask(MemoryDevice device) : TurnTask
    {
        protected override void RunTask() => device.CompleteAll();
    }
}
