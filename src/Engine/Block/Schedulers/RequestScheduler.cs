// SPDX-License-Identifier: Apache-2.0
namespace Braid.Block;

/// <summary>
/// Holds the requests of one queue between the plug and the driver (struct elevator_type), and
/// merges into those that wait.
/// </summary>
internal abstract class RequestScheduler(RequestQueue queue)
{
    public abstract bool IsEmpty { get; }

    protected RequestQueue Queue => queue;

    /// <summary>Takes a request; it may be merged into one that waits, and freed.</summary>
    public abstract void Insert(Request request);

    /// <summary>Takes all requests of a plug, in their order.</summary>
    public virtual void InsertAll(RequestList plug)
    {
        while (plug.TakeFirst() is { } request) Insert(request);
    }

    /// <summary>The request to dispatch next, taken out; null for none.</summary>
    public abstract Request? TakeNext();

    /// <summary>Merges a bio into a waiting request. True when it is in one.</summary>
    public abstract bool TryMerge(Bio bio);

    protected bool TryMerge(Request request, Bio bio)
    {
        if (!MergeRules.TryMerge(request, bio, queue.Limits, queue.MergeCap)) return false;
        queue.CountMerge(request);
        return true;
    }

    protected bool TryMerge(Request first, Request next) =>
        MergeRules.TryMerge(first, next, queue.Limits, queue.MergeCap);
}
