// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Block;

/// <summary>Down, second half: from the queue to the driver, and back in with a requeue.</summary>
public sealed partial class RequestQueue
{
    /// <summary>
    /// Gives a request in flight back to be dispatched again (blk_mq_requeue_request): the one
    /// backward step of the way. What succeeded is ended first; nothing is allocated or recorded.
    /// </summary>
    /// <param name="request">In flight at the driver, whose it no longer is.</param>
    /// <param name="done">Bytes from its start that succeeded.</param>
    /// <param name="delayNs">
    /// 0: this turn; else it waits at least so long, or for a kick; <see cref="UntilKicked"/>.
    /// </param>
    /// <param name="hold">What it waits for, if it does.</param>
    public void Requeue(
        Request request, long done, long delayNs, HoldReason hold = HoldReason.None)
    {
        Invariant.That(request.State == RequestState.InFlight);
        Statistics.Requeues++;
        AdvanceBy(request, done);
        request.State = RequestState.Queued;
        request.Hold = hold;
        _requeued.Add(request, delayNs);
        if (delayNs == 0) KickRequeueList();
        LeaveDriver();
    }

    /// <summary>
    /// Has all requeued requests dispatched this turn (blk_mq_kick_requeue_list).
    /// </summary>
    public void KickRequeueList()
    {
        _requeued.IsKicked = true;
        Run();
    }

    /// <summary>
    /// A clone for <paramref name="origin"/> on this queue: a tag of this queue over the bios of
    /// the other. Null when no tag is free, or the device is gone.
    /// </summary>
    public Request? TryAllocateClone(Request origin, ICloneOwner owner)
    {
        Request? clone = IsDying ? null : Tags.TryTake();
        if (clone is null) return null;
        clone.BeginAsCloneOf(origin);
        clone.CloneOwner = owner;
        return clone;
    }

    /// <summary>
    /// The same over a bio of the owner's own, which no request above has. The bio must last until
    /// the clone has ended.
    /// </summary>
    public Request? TryAllocateClone(Bio bio, ICloneOwner owner)
    {
        Request? clone = IsDying ? null : Tags.TryTake();
        if (clone is null) return null;
        clone.Begin(bio);
        clone.CloneOwner = owner;
        return clone;
    }

    /// <summary>
    /// The origin of a clone in flight ends without it: what it still reads goes to
    /// <paramref name="sink"/>, and <paramref name="owner"/> is told of its end. Only of a read,
    /// and where the driver can (<see cref="IQueueDriver.CanAbandon"/>).
    /// </summary>
    public void Abandon(Request clone, Bio sink, ICloneOwner owner)
    {
        Invariant.That(clone is { State: RequestState.InFlight, Operation: BlockOperation.Read });
        clone.Detach(sink, owner);
        Driver.Abandon(clone);
    }

    /// <summary>
    /// Issues a clone at once, past this queue's scheduler (blk_insert_cloned_request). Ok: it will
    /// end through its owner. Any other status: it is the caller's again.
    /// </summary>
    public BlockStatus InsertClone(Request clone)
    {
        // A map as a path of another: what it has to wait for, a clone waits for above.
        if (_isQuiesced) return BlockStatus.Resource;
        long max = Limits.MaxFor(clone.Operation);
        if (clone.Length > max) return max == 0 ? BlockStatus.NotSupported : BlockStatus.IoError;
        if (clone.Segments > Limits.MaxSegments) return BlockStatus.IoError;
        BlockStatus status = Issue(clone);
        bool hasFailed = status is not (
            BlockStatus.Ok or BlockStatus.Resource or BlockStatus.DeviceResource);
        if (hasFailed) Statistics.CountCloneEnd(clone.Operation, 0);
        return status;
    }

    private void DispatchAll()
    {
        bool goesOn = IsCutShort;
        _task.IsCutShort = false;
        Unplug();
        PlaceWaiting();
        Unplug();
        if (_isQuiesced) return;
        // Cut short or not, what comes back waits for the rest of those that went with it.
        bool isBetween = goesOn && !_scheduler.IsEmpty;
        if (_requeued.IsKicked && !isBetween) _requeued.MoveTo(_dispatch, Loop.NowNs);
        int left = _options.DispatchBatch;
        while (TakeNext() is { } request)
        {
            if (!DispatchOne(request)) return;
            if (--left > 0) continue;
            _task.IsCutShort = true;
            Run();
            return;
        }
    }

    /// <summary>Bios that waited for a tag, in order, as far as the tags go.</summary>
    private void PlaceWaiting()
    {
        while (_waiting.Count > 0)
        {
            // Taken out first: the list and the request use the same link of the bio.
            Bio bio = _waiting.TakeFirst();
            if (_options.MergesWaiting ? TryPlace(bio) : TryStart(bio)) continue;
            _waiting.AddFirst(bio);
            return;
        }
    }

    private Request? TakeNext() => _dispatch.TakeFirst() ?? _scheduler.TakeNext();

    /// <summary>False when the driver wants no more now.</summary>
    private bool DispatchOne(Request request)
    {
        BlockStatus status = Issue(request);
        switch (status)
        {
            case BlockStatus.Ok:
                return true;
            case BlockStatus.Resource:
            case BlockStatus.DeviceResource:
                // It stays first, and takes no more bios, as in the kernel's hctx->dispatch.
                _dispatch.AddFirst(request);
                AskAgainAfter(status);
                return false;
            default:
                request.State = RequestState.InFlight;
                Statistics.InFlight++;
                Complete(request, status, 0);
                return true;
        }
    }

    /// <summary>
    /// A full device is asked again when one of its I/Os ends. What others have used up may come
    /// back at any time, and our own I/O in flight may hang on another path for long.
    /// </summary>
    private void AskAgainAfter(BlockStatus refusal)
    {
        bool willRun = refusal == BlockStatus.DeviceResource && Statistics.InFlight > 0;
        if (!willRun && !_resourceTimer.IsArmed) _resourceTimer.Arm(ResourceDelayNs);
    }

    private BlockStatus Issue(Request request)
    {
        request.State = RequestState.InFlight;
        request.Hold = HoldReason.None;
        request.DispatchNs = Loop.NowNs;
        Statistics.InFlight++;
        BlockStatus status = Driver.QueueRequest(request);
        if (status == BlockStatus.Ok) return status;
        Statistics.InFlight--;
        request.State = RequestState.Queued;
        return status;
    }
}
