// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Block;

/// <summary>Other limits under what waits: a map has got another table.</summary>
public sealed partial class RequestQueue
{
    /// <summary>
    /// After the limits have changed, quiesced and with nothing at the driver: requests that wait
    /// are taken apart and their bios submitted anew, to be cut, merged and flushed as the limits
    /// demand now. Of a request that was done in part all is done again. One that is to fail does.
    /// </summary>
    /// <param name="submit">Checks and submits a bio; it may end at once.</param>
    public void Renew(Action<Bio> submit)
    {
        Invariant.That(_isQuiesced && Statistics.InFlight == 0);
        var bios = new BioList();
        var clones = new RequestList();
        var condemned = new RequestList();
        while (TakeWaiting() is { } request)
        {
            if (request.IsCondemned) condemned.AddLast(request);
            else if (request.CloneOwner is null) TakeApart(request, bios);
            else clones.AddLast(request);
        }
        while (_waiting.Count > 0)
        {
            Bio bio = _waiting.TakeFirst();
            _bytes -= bio.Length;
            bios.AddLast(bio);
        }
        while (bios.Count > 0) submit(bios.TakeFirst());
        while (clones.TakeFirst() is { } clone) Keep(clone);
        while (condemned.TakeFirst() is { } request) Fail(request);
    }

    private Request? TakeWaiting() =>
        _requeued.TakeFirst() ?? _dispatch.TakeFirst() ?? _scheduler.TakeNext()
        ?? _plug.TakeFirst();

    private void TakeApart(Request request, BioList bios)
    {
        _bytes -= request.Length;
        Bio? bio = request.FirstBio;
        while (bio is not null)
        {
            Bio? next = bio.Next;
            bio.Done = 0;
            bios.AddLast(bio);
            bio = next;
        }
        Free(request);
    }

    /// <summary>
    /// The bios of a clone are those of a map above: it waits on if it fits, and else fails as it
    /// would have if it had come now.
    /// </summary>
    private void Keep(Request clone)
    {
        long mask = Limits.LogicalBlockSize - 1;
        bool fits = clone.Length <= Limits.MaxFor(clone.Operation)
            && clone.Segments <= Limits.MaxSegments
            && ((clone.Offset | clone.Length) & mask) == 0;
        if (fits)
        {
            _requeued.Add(clone, 0);
            return;
        }
        Fail(clone);
    }

    private void Fail(Request request)
    {
        request.State = RequestState.InFlight;
        Statistics.InFlight++;
        Complete(request, BlockStatus.IoError, 0);
    }
}
