// SPDX-License-Identifier: Apache-2.0
namespace Braid.Block;

/// <summary>What waits in it, for people who ask: not on the data path.</summary>
public sealed partial class RequestQueue
{
    /// <summary>
    /// Requests that wait for something, and not only for their turn: all, when the driver gets
    /// nothing.
    /// </summary>
    public IReadOnlyList<Request> Held()
    {
        var held = new List<Request>();
        for (int tag = 0; tag < Tags.Depth; tag++)
        {
            Request request = Tags[tag];
            bool waits = request.State == RequestState.Queued && request.FirstBio is not null;
            if (waits && (_isQuiesced || request.Hold != HoldReason.None))
                held.Add(request);
        }
        return held;
    }

    /// <summary>
    /// Has a held request fail when it is dispatched again: now, unless quiesced.
    /// </summary>
    public void Condemn(Request request)
    {
        request.Condemn();
        KickRequeueList();
    }
}
