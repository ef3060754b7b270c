// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Block;

/// <summary>Up: from the driver's word to the end of the bios.</summary>
public sealed partial class RequestQueue
{
    /// <summary>The request has ended as a whole.</summary>
    public void Complete(Request request, BlockStatus status) =>
        Complete(request, status, status == BlockStatus.Ok ? request.Length : 0);

    /// <summary>
    /// The driver is done with a request: <paramref name="done"/> bytes from its start succeeded,
    /// the rest, if any, has <paramref name="status"/>. A clone goes to its owner, another ends
    /// here.
    /// </summary>
    public void Complete(Request request, BlockStatus status, long done)
    {
        Invariant.That(request.State == RequestState.InFlight);
        // Ok means all of it; an error leaves something undone, if only a flush.
        Invariant.That(
            status == BlockStatus.Ok ? done == request.Length : done == 0 || done < request.Length);
        if (request.CloneOwner is { } owner)
        {
            request.State = RequestState.Queued;
            Statistics.CountCloneEnd(request.Operation, request.Length);
            LeaveDriver();
            owner.EndClone(request, status, done);
            return;
        }
        Statistics.CountEnd(request.Operation, request.Length);
        _bytes -= request.Length;
        if (status != BlockStatus.Ok) request.Advance(done);
        request.EndBios(status);
        Free(request);
        LeaveDriver();
    }

    /// <summary>Gives the tag back: of a clone, by its owner; the queue's others itself.</summary>
    public void Free(Request request)
    {
        request.FirstBio = null;
        Tags.Return(request);
        if (HasWork) Run();
    }

    /// <summary>
    /// A request is not the driver's any more: who waits for the last one is told.
    /// </summary>
    private void LeaveDriver()
    {
        if (--Statistics.InFlight > 0 || _whenIdle is not { } whenIdle) return;
        _whenIdle = null;
        whenIdle();
    }

    private bool HasWork => _waiting.Count > 0 || _dispatch.Count > 0 || !_scheduler.IsEmpty;

    private void AdvanceBy(Request request, long done)
    {
        Statistics.CountBytes(request.Operation, done);
        if (request.Origin is { } origin)
        {
            // A map over a map: the bios are those of the first request above, and end there.
            origin.Queue.AdvanceBy(origin, done);
            request.BeginAsCloneOf(origin);
            return;
        }
        _bytes -= done;
        request.Advance(done);
    }
}
