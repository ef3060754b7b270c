// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Block;

/// <summary>
/// The requests of one queue, one for each tag (struct blk_mq_tag_set). The tag freed last is given
/// out first, while it is in the cache.
/// </summary>
public sealed class TagSet
{
    private readonly Request[] _requests;
    private readonly int[] _free;
    private readonly int _reserved;
    private int _freeCount;

    internal TagSet(RequestQueue queue, int depth, int reserved)
    {
        Invariant.That(depth is > 0 and <= 1 << 16 && reserved >= 0);
        _reserved = reserved;
        depth += reserved;
        _requests = new Request[depth];
        _free = new int[depth];
        for (int tag = depth - 1; tag >= 0; tag--)
        {
            _requests[tag] = new Request(queue, tag);
            _free[_freeCount++] = tag;
        }
    }

    /// <summary>Tags in all.</summary>
    public int Depth => _requests.Length;

    /// <summary>Tags that are out.</summary>
    public int InUse => Depth - _freeCount;

    public bool IsExhausted => _freeCount <= _reserved;

    /// <summary>The request of a tag, whatever its state.</summary>
    public Request this[int tag] => _requests[tag];

    /// <summary>A request with a fresh generation; null when all tags are out.</summary>
    internal Request? TryTake() => _freeCount <= _reserved ? null : Take();

    /// <summary>The same, of all tags.</summary>
    internal Request? TryTakeReserved() => _freeCount == 0 ? null : Take();

    private Request Take()
    {
        Request request = _requests[_free[--_freeCount]];
        Invariant.That(request.State == RequestState.Free);
        request.Take(request.Queue.Loop.NowNs);
        return request;
    }

    internal void Return(Request request)
    {
        Invariant.That(request.State != RequestState.Free && request.FirstBio is null);
        request.State = RequestState.Free;
        request.LastBio = null;
        request.Origin = null;
        request.CloneOwner = null;
        request.Stale = null;
        _free[_freeCount++] = request.Tag;
    }
}
