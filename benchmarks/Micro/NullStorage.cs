// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Bench.Micro;

/// <summary>
/// What is behind null paths: it takes requests and completes them when it is told to, in the order
/// in which they came, as the replies of one receive do.
/// </summary>
internal sealed class NullStorage(int depth)
{
    private readonly Request[] _inFlight = new Request[depth];
    private int _count;

    public void Take(Request request) => _inFlight[_count++] = request;

    /// <summary>Completes all that came by one path with an error, and keeps the rest.</summary>
    public void FailAll(NullPath path)
    {
        int count = _count;
        _count = 0;
        for (int i = 0; i < count; i++)
        {
            Request request = _inFlight[i];
            if (request.Queue == path.Queue) path.Queue.Complete(request, BlockStatus.Transport);
            else Take(request);
        }
    }

    public void CompleteAll()
    {
        int count = _count;
        _count = 0;
        for (int i = 0; i < count; i++)
            _inFlight[i].Queue.Complete(_inFlight[i], BlockStatus.Ok);
    }
}
