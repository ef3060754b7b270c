// SPDX-License-Identifier: Apache-2.0
namespace Braid.Block;

/// <summary>What waits in it, for people who ask: not on the data path.</summary>
public sealed partial class RequestQueue
{
    /// <summary>
    /// Requests that wait for something, and not only for their turn: all, when the driver gets
    /// nothing. And those that came back from paths without progress, wherever they are: they may
    /// go from one path that hangs to the next, and be in flight whenever somebody looks.
    /// </summary>
    public IReadOnlyList<Request> Held()
    {
        var held = new List<Request>();
        for (int tag = 0; tag < Tags.Depth; tag++)
        {
            Request request = Tags[tag];
            if (request.FirstBio is null) continue;
            if (request.Retries > 0 || ReasonOf(request) != HoldReason.None) held.Add(request);
        }
        return held;
    }

    /// <summary>What a request waits for; None when it is on its way, or only in line.</summary>
    public HoldReason ReasonOf(Request request)
    {
        if (request.State != RequestState.Queued || request.Hold != HoldReason.None)
            return request.Hold;
        return _isQuiesced ? HoldReason.Suspended : HoldReason.None;
    }

    /// <summary>
    /// Has a held request fail when it is dispatched again: now, unless quiesced; or when it is
    /// back from its path, if it is in flight and has not ended well there.
    /// </summary>
    public void Condemn(Request request)
    {
        request.Condemn();
        KickRequeueList();
    }
}
