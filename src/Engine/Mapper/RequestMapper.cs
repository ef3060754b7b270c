// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;

namespace Braid.Mapper;

/// <summary>
/// The request-based core (drivers/md/dm-rq.c): the driver of a mapped device's queue. Maps a whole
/// request to a clone on a queue below, and when the clone has failed on a path, gives the
/// *original* back to the queue: nothing is recorded and nothing allocated for the retry.
/// </summary>
internal sealed partial class RequestMapper : MapperCore, IQueueDriver, ICloneOwner
{
    /// <summary>How long a delayed requeue waits, unless it is kicked (dm-rq.c: 100 ms).</summary>
    public const long DelayRequeueNs = 100_000_000;

    /// <summary>The first wait of a request that has used up its free retries.</summary>
    private const long FirstBackoffNs = 100_000_000;

    private const long MaxBackoffNs = 5_000_000_000;

    /// <summary>Waits after which it fails, unless I/O is held without a path: a minute.</summary>
    private const int Backoffs = 16;

    private readonly RequestQueue _queue;
    private readonly int _freeRetries;
    private readonly bool _checksEnd;
    private readonly TargetIo[] _ios;
    private IRequestTarget _target;
    private long _sizeBytes;

    /// <summary>Null while the paths share one cache.</summary>
    private readonly PrivateCaches? _caches;

    /// <summary>Null while reads are not hedged.</summary>
    private readonly HedgedReads? _hedges;

    /// <summary>A retry, or another loop, waits for a write in flight to end.</summary>
    private bool _awaitsWrite;
    private bool _givesUp;

    public RequestMapper(
        IoLoop loop, IRequestTarget target, QueueLimits limits, QueueOptions options)
    {
        _target = target;
        _freeRetries = options.FreeRetries;
        _checksEnd = options.FitsWaiting;
        bool isPrivate = options.WriteCache == WriteCache.Private;
        if (isPrivate) options = options with { ReservedTags = PrivateCaches.ReservedTags };
        _ios = new TargetIo[options.Depth + options.ReservedTags];
        for (int tag = 0; tag < _ios.Length; tag++) _ios[tag] = new TargetIo();
        _queue = new RequestQueue(loop, this, limits, options);
        if (isPrivate) _caches = new PrivateCaches(this, _queue, options.KeptBytes);
        if (options.Hedging is not { } hedging) return;
        var memory = new BufferPool(HedgedReads.MemoryBytes);
        _hedges = new HedgedReads(this, _queue, hedging, memory);
    }

    public override RequestQueue Queue => _queue;

    public override BlockStatistics Statistics => _queue.Statistics;

    public override int InFlight => _queue.Tags.InUse + (_hedges?.Counters.Late ?? 0);

    /// <summary>As a path of another map: never said to be congested.</summary>
    public bool IsBusy => false;

    public override void Submit(Bio bio) => _queue.Submit(bio);

    public override void SetTable(Table table, QueueLimits limits)
    {
        _target = table.RequestTarget!;
        _queue.Limits = limits;
        _sizeBytes = table.SizeBytes;
        _caches?.SetTable(table);
        _hedges?.SetTable(table);
    }

    public override void Quiesce()
    {
        _queue.Quiesce();
        _caches?.Pause();
        _hedges?.Pause();
    }

    public override void Unquiesce()
    {
        _queue.Unquiesce();
        _caches?.Resume();
        _hedges?.Resume();
    }

    public override void KickRequeueList() => _queue.KickRequeueList();

    /// <summary>Map: busy? then clone, choose the path, dispatch (dm_mq_queue_rq).</summary>
    public BlockStatus QueueRequest(Request request)
    {
        // As a path of a map above, whose table may be longer than this one's is now.
        bool isBeyond = _checksEnd && request.End > _sizeBytes;
        if (isBeyond || request.IsCondemned) return Refuse(request);
        if (Shield.IsUp && MustWait(request))
        {
            _queue.Requeue(request, 0, RequestQueue.UntilKicked, HoldReason.StaleWrite);
            return BlockStatus.Ok;
        }
        if (_caches is not null && !_caches.Admits(request, out BlockStatus verdict))
            return verdict;
        if (_target.IsBusy) return BlockStatus.Resource;
        TargetIo io = _ios[request.Tag];
        MapResult result = _target.CloneAndMap(request, io, this, out Request? clone);
        switch (result)
        {
            case MapResult.Submitted:
                return BlockStatus.Ok;
            case MapResult.Remapped:
                _caches?.Sending(request, clone!);
                return Dispatch(clone!, io);
            case MapResult.Requeue:
                return BlockStatus.Resource;
            case MapResult.DelayRequeue:
                _queue.Requeue(request, 0, DelayRequeueNs, HoldReason.Path);
                return BlockStatus.Ok;
            case MapResult.Kill:
                return BlockStatus.IoError;
            case MapResult.Postponed:
            default:
                Invariant.Broken($"map result {result}");
                return BlockStatus.IoError;
        }
    }

    /// <summary>End io: the verdict of the target on a clone that has ended (dm_done).</summary>
    public void EndClone(Request clone, BlockStatus status, long done)
    {
        Request origin = clone.Origin!;
        if (clone.Stale is { } stale) NoteStale(origin, stale);
        // What a given-up path was sent as one write is sent again as one.
        bool isStale = origin.Stale is not null && status != BlockStatus.Ok;
        if (isStale) done = 0;
        EndIoResult result = _target.EndIo(_ios[origin.Tag], clone.Operation, ref status);
        if (isStale && result == EndIoResult.Done && IsUntold(origin))
            result = EndIoResult.Requeue;
        RequestQueue path = clone.Queue;
        path.Free(clone);
        if (_hedges is not null && _hedges.GoesOn(origin, status)) return;
        End(origin, path, status, done, result);
    }

    /// <summary>What has become of a request, by the word of one clone.</summary>
    internal void End(
        Request origin, RequestQueue path, BlockStatus status, long done, EndIoResult result)
    {
        _caches?.Ended(origin, path, status, ref done, ref result);
        if (_awaitsWrite) OnWriteAwaited();
        switch (result)
        {
            case EndIoResult.Done:
                _queue.Complete(origin, status, done);
                break;
            case EndIoResult.Incomplete:
                break;
            case EndIoResult.Requeue:
                Retry(origin, done, 0);
                break;
            case EndIoResult.DelayRequeue:
                Retry(origin, done, DelayRequeueNs);
                break;
            default:
                Invariant.Broken($"end-I/O result {result}");
                break;
        }
    }

    /// <summary>
    /// Sends the original again. One that comes back too often without progress waits for longer
    /// and longer, so that flapping paths cannot bounce it about for ever.
    /// </summary>
    private void Retry(Request origin, long done, long delayNs)
    {
        if (origin.IsCondemned)
        {
            if (IsUntold(origin)) KeepUntold(origin, done);
            else _queue.Complete(origin, BlockStatus.IoError, done);
            return;
        }
        if (done > 0) origin.Retries = 0;
        int waits = ++origin.Retries - _freeRetries;
        if (waits <= 0)
        {
            _queue.Requeue(origin, done, delayNs);
        }
        else if (_givesUp || (waits > Backoffs && !_target.HoldsIo && !IsUntold(origin)))
        {
            _queue.Complete(origin, BlockStatus.IoError, done);
        }
        else
        {
            long waitNs = Math.Min(FirstBackoffNs << Math.Min(waits - 1, Backoffs), MaxBackoffNs);
            waitNs = _queue.Loop.Random.Jitter(waitNs);
            origin.NotBeforeNs = _queue.Loop.NowNs + waitNs;
            _queue.Requeue(origin, done, waitNs, HoldReason.Retries);
        }
    }

    private void NoteStale(Request origin, StaleWrite stale)
    {
        origin.Stale = StaleWrite.Join(origin.Stale, stale);
        Shield.Add(origin, origin.Generation, origin.Offset, origin.Length, stale);
    }

    /// <summary>
    /// A write waits for stale ones of others where it would go. The retry of a stale write waits
    /// for overlapping ones that are on their way: it must be the last of them to land, since its
    /// stale copy may be, too.
    /// </summary>
    private bool MustWait(Request request)
    {
        if (!request.IsWrite || request.Length == 0) return false;
        if (Shield.Holds(request, request.Generation, request.Offset, request.Length)) return true;
        if (!Shield.Has(request, request.Generation)) return false;
        if (IsUntold(request)) return true;
        if (!IsWriting(request.Offset, request.End, request)) return false;
        _awaitsWrite = true;
        return true;
    }

    /// <summary>Whether a write to that range is at the target, but for one.</summary>
    private bool IsWriting(long begin, long end, Request? except)
    {
        for (int tag = 0; tag < _ios.Length; tag++)
        {
            Request other = _queue.Tags[tag];
            if (other.State == RequestState.InFlight && other != except && other.IsWrite
                && other.Offset < end && other.End > begin) return true;
        }
        return false;
    }

    /// <summary>Issues the clone past the path's own scheduler (map_request, REMAPPED).</summary>
    private BlockStatus Dispatch(Request clone, TargetIo io)
    {
        BlockStatus status = clone.Queue.InsertClone(clone);
        switch (status)
        {
            case BlockStatus.Ok:
                if (_hedges is not null && !clone.IsWrite) Watch(clone);
                return BlockStatus.Ok;
            case BlockStatus.Resource:
            case BlockStatus.DeviceResource:
                // Pairing: what mapping counted in, every early way out counts out again.
                _target.ReleaseClone(io);
                _caches?.NotSent(clone.Origin!);
                clone.Queue.Free(clone);
                return BlockStatus.Resource;
            default:
                EndClone(clone, status, 0);
                return BlockStatus.Ok;
        }
    }
}
