// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Block;

/// <summary>
/// Requests that were given back and wait to be dispatched again (blk-mq's requeue_list), until it
/// is kicked or their delay has passed.
/// </summary>
internal sealed class RequeueList
{
    private readonly RequestList _requests = new();
    private readonly IoLoop _loop;
    private readonly LoopTimer _timer;

    public RequeueList(IoLoop loop, Action kick)
    {
        _loop = loop;
        _timer = loop.CreateTimer(kick);
    }

    public int Count => _requests.Count;

    /// <summary>To be dispatched this turn.</summary>
    public bool IsKicked { get; set; }

    /// <param name="request">To wait here.</param>
    /// <param name="delayNs">
    /// All are kicked when the first delay has passed; <see cref="RequestQueue.UntilKicked"/> has
    /// no end.
    /// </param>
    public void Add(Request request, long delayNs)
    {
        _requests.AddLast(request);
        if (delayNs is > 0 and < RequestQueue.UntilKicked) ArmFor(_loop.NowNs + delayNs);
    }

    public Request? TakeFirst() => _requests.TakeFirst();

    /// <summary>
    /// Moves all to the head of the list of those that go next, oldest first; but those whose time
    /// has not come.
    /// </summary>
    public void MoveTo(RequestList dispatch, long nowNs)
    {
        IsKicked = false;
        _timer.Cancel();
        Request? request = _requests.Last;
        while (request is not null)
        {
            Request? previous = request.Links.Previous;
            if (request.NotBeforeNs > nowNs)
            {
                ArmFor(request.NotBeforeNs);
            }
            else
            {
                _requests.Remove(request);
                dispatch.AddFirst(request);
            }
            request = previous;
        }
    }

    private void ArmFor(long dueNs)
    {
        if (!_timer.IsArmed || _timer.DueNs > dueNs) _timer.Arm(dueNs - _loop.NowNs);
    }
}
