// SPDX-License-Identifier: Apache-2.0
namespace Braid.Block;

/// <summary>
/// First come, first served; a bio may join one of the newest requests that wait.
/// </summary>
internal sealed class NoneScheduler(RequestQueue queue) : RequestScheduler(queue)
{
    /// <summary>How far back a merge is looked for (blk_bio_list_merge).</summary>
    private const int MergeDepth = 8;

    private readonly RequestList _list = new();

    public override bool IsEmpty => _list.Count == 0;

    public override void Insert(Request request) => _list.AddLast(request);

    public override void InsertAll(RequestList plug) => _list.TakeAll(plug);

    public override Request? TakeNext() => _list.TakeFirst();

    public override bool TryMerge(Bio bio)
    {
        Request? request = _list.Last;
        for (int i = 0; i < MergeDepth && request is not null; i++)
        {
            if (TryMerge(request, bio)) return true;
            request = request.Links.Previous;
        }
        return false;
    }
}
