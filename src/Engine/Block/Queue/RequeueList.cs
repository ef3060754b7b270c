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
    private readonly LoopTimer _timer;

    public RequeueList(IoLoop loop, Action kick) => _timer = loop.CreateTimer(kick);

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
        if (delayNs is > 0 and < RequestQueue.UntilKicked && !_timer.IsArmed) _timer.Arm(delayNs);
    }

    public Request? TakeFirst() => _requests.TakeFirst();

    /// <summary>Moves all to the head of the list of those that go next, oldest first.</summary>
    public void MoveTo(RequestList dispatch)
    {
        IsKicked = false;
        _timer.Cancel();
        while (_requests.Last is { } request)
        {
            _requests.Remove(request);
            dispatch.AddFirst(request);
        }
    }
}
