// SPDX-License-Identifier: Apache-2.0
namespace Braid.Block;

/// <summary>
/// mq-deadline (block/mq-deadline.c, one priority class): in the order of offsets, in batches of
/// one direction, reads before writes; but a request whose time has come goes first.
/// </summary>
internal sealed class DeadlineScheduler : RequestScheduler
{
    private const long ReadExpireNs = 500_000_000;
    private const long WriteExpireNs = 5_000_000_000;

    /// <summary>Requests in one batch (fifo_batch).</summary>
    private const int BatchSize = 16;

    /// <summary>Batches of reads that may pass waiting writes (writes_starved).</summary>
    private const int WritesStarved = 2;

    private readonly Direction _reads;
    private readonly Direction _writes;
    private readonly EndTable _ends = new();
    private Direction _last;
    private long _sequence;
    private int _batched;
    private int _starved;

    public DeadlineScheduler(RequestQueue queue)
        : base(queue)
    {
        _reads = new Direction(new SortedRequests(queue.Loop.Random), ReadExpireNs);
        _writes = new Direction(new SortedRequests(queue.Loop.Random), WriteExpireNs);
        _last = _reads;
    }

    public override bool IsEmpty => _reads.Fifo.Count + _writes.Fifo.Count == 0;

    public override void Insert(Request request)
    {
        if (TryMergeIntoWaiting(request)) return;
        Direction direction = Of(request);
        request.Links.Sequence = _sequence++;
        request.Links.ExpireNs = Queue.Loop.NowNs + direction.ExpireNs;
        direction.Fifo.AddLast(request);
        direction.Sorted.Add(request);
        _ends.Add(request);
    }

    public override bool TryMerge(Bio bio)
    {
        if (_ends.Find(bio.Offset, bio.Operation) is { } before)
        {
            long end = before.End;
            if (!TryMerge(before, bio)) return false;
            Rehash(before, end);
            MergeWithNext(before);
            return true;
        }
        Direction direction = bio.IsWrite ? _writes : _reads;
        if (direction.Sorted.FindAt(bio.End) is not { } after) return false;
        // The order of offsets stays as it is: nothing that waits begins between the two starts,
        // or it would have been found by its end or overlaps, and then either order is as good.
        direction.Sorted.Remove(after);
        bool merged = TryMerge(after, bio);
        direction.Sorted.Add(after);
        if (merged && SortedRequests.Predecessor(after) is { } previous) MergeWithNext(previous);
        return merged;
    }

    public override Request? TakeNext()
    {
        Request? request = Choose();
        if (request is null) return null;
        _batched++;
        Of(request).Next = SortedRequests.Successor(request);
        Remove(request);
        return request;
    }

    private Direction Of(Request request) => request.IsWrite ? _writes : _reads;

    private Request? Choose()
    {
        if (_last.Next is { } next && _batched < BatchSize) return next;
        if (_reads.Fifo.Count > 0)
        {
            bool writesTurn = _writes.Fifo.Count > 0 && _starved++ >= WritesStarved;
            return writesTurn ? BeginWrites() : Begin(_reads);
        }
        return _writes.Fifo.Count > 0 ? BeginWrites() : null;
    }

    private Request BeginWrites()
    {
        _starved = 0;
        return Begin(_writes);
    }

    /// <summary>
    /// Starts a batch: with the oldest if its time has come, else where it was left.
    /// </summary>
    private Request Begin(Direction direction)
    {
        Request oldest = direction.Fifo.First!;
        bool expired = oldest.Links.ExpireNs <= Queue.Loop.NowNs;
        _last = direction;
        _batched = 0;
        return expired || direction.Next is null ? oldest : direction.Next;
    }

    private void Remove(Request request)
    {
        Direction direction = Of(request);
        if (direction.Next == request) direction.Next = SortedRequests.Successor(request);
        direction.Fifo.Remove(request);
        direction.Sorted.Remove(request);
        _ends.Remove(request, request.End);
    }

    private void Rehash(Request request, long oldEnd)
    {
        _ends.Remove(request, oldEnd);
        _ends.Add(request);
    }

    /// <summary>elv_attempt_insert_merge: a new request joins the one that it continues.</summary>
    private bool TryMergeIntoWaiting(Request request)
    {
        if (_ends.Find(request.Offset, request.Operation) is not { } before) return false;
        long end = before.End;
        if (!TryMerge(before, request)) return false;
        Rehash(before, end);
        Queue.FreeMerged(request);
        MergeWithNext(before);
        return true;
    }

    /// <summary>attempt_back_merge: closes the gap that a merge has filled.</summary>
    private void MergeWithNext(Request request)
    {
        if (SortedRequests.Successor(request) is not { } next) return;
        long end = request.End;
        if (end != next.Offset || !MergeRules.IsMergeable(next)) return;
        long nextEnd = next.End;
        if (!TryMerge(request, next)) return;
        Rehash(request, end);
        Direction direction = Of(next);
        TakeOverAge(direction, request, next);
        if (direction.Next == next) direction.Next = request;
        direction.Fifo.Remove(next);
        direction.Sorted.Remove(next);
        _ends.Remove(next, nextEnd);
        Queue.FreeMerged(next);
    }

    /// <summary>A merged request goes by the deadline of its oldest part, in its place.</summary>
    private static void TakeOverAge(Direction direction, Request request, Request merged)
    {
        if (merged.Links.ExpireNs >= request.Links.ExpireNs) return;
        request.Links.ExpireNs = merged.Links.ExpireNs;
        direction.Fifo.MoveBefore(request, merged);
    }

    /// <summary>
    /// Reads or writes: the same requests in the order of arrival and of offsets.
    /// </summary>
    private sealed class Direction(SortedRequests sorted, long expireNs)
    {
        public RequestList Fifo { get; } = new();

        public SortedRequests Sorted => sorted;

        public long ExpireNs => expireNs;

        /// <summary>Where the sorted order goes on.</summary>
        public Request? Next { get; set; }
    }
}
