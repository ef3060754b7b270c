// SPDX-License-Identifier: Apache-2.0
namespace Braid.Block;

/// <summary>Down, first half: from a bio to a request in the plug.</summary>
public sealed partial class RequestQueue
{
    /// <summary>
    /// Takes a bio that lies within the device. It may end before this returns: a flush of a device
    /// without a cache.
    /// </summary>
    public void Submit(Bio bio)
    {
        if (bio.Operation == BlockOperation.Flush && !Limits.WriteCache)
            bio.EndWith(BlockStatus.Ok);
        else if (FlushSequence.IsNeeded(bio, Limits))
            FlushSequence.Start(this, _flushes, bio);
        else if (_splitter.IsNeeded(bio))
            _splitter.Split(bio);
        else
            Insert(bio);
    }

    /// <summary>Takes a bio that fits into one request.</summary>
    internal void Insert(Bio bio)
    {
        _bytes += bio.Length;
        Run();
        // In order: a bio must not pass others that wait for a tag.
        if (_waiting.Count > 0 || !TryPlace(bio)) _waiting.AddLast(bio);
    }

    /// <summary>
    /// Submits a bio that fits into one request, on a tag that is kept for such: it passes what
    /// waits for a tag. False when none is free.
    /// </summary>
    public bool TrySubmitReserved(Bio bio)
    {
        if (Tags.TryTakeReserved() is not { } request) return false;
        _bytes += bio.Length;
        request.Begin(bio);
        _dispatch.AddLast(request);
        Run();
        return true;
    }

    internal void CountMerge(Request request) => Statistics.CountMerge(request.IsWrite);

    /// <summary>Gives back a request whose bios another has taken over.</summary>
    internal void FreeMerged(Request request)
    {
        CountMerge(request);
        request.FirstBio = null;
        Free(request);
    }

    private bool TryPlace(Bio bio) => TryMerge(bio) || TryStart(bio);

    private bool TryMerge(Bio bio)
    {
        if (bio.Operation == BlockOperation.Flush) return TryMergeFlush(bio);
        if (!MergeRules.IsMergeable(bio)) return false;
        // As the kernel does, only the newest request of the plug is looked at.
        if (_plug.Last is { } newest && MergeRules.TryMerge(newest, bio, Limits, MergeCap))
        {
            CountMerge(newest);
            return true;
        }
        return _scheduler.TryMerge(bio);
    }

    /// <summary>
    /// A flush may join one that has not left yet: it covers what completed before either. It never
    /// joins one that is under way, which does not.
    /// </summary>
    private bool TryMergeFlush(Bio bio)
    {
        if (!_options.MergesFlushes) return false;
        if (_plug.Last is not { Operation: BlockOperation.Flush } flush) return false;
        flush.Append(bio);
        return true;
    }

    private bool TryStart(Bio bio)
    {
        Request? request = Tags.TryTake();
        if (request is null) return false;
        request.Begin(bio);
        if (!Limits.WriteCache) request.Flags &= ~(BioFlags.Fua | BioFlags.Preflush);
        if (_plug.Count >= PlugMaxRequests || _plug.Last?.Length >= PlugFlushBytes) Unplug();
        _plug.AddLast(request);
        return true;
    }

    private void Unplug()
    {
        Request? next = _plug.First;
        while (next is { } request)
        {
            next = request.Links.Next;
            if (request.Operation != BlockOperation.Flush) continue;
            _plug.Remove(request);
            _dispatch.AddLast(request);
        }
        _scheduler.InsertAll(_plug);
    }
}
