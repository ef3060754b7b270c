// SPDX-License-Identifier: Apache-2.0
namespace Braid.Block;

/// <summary>Waiting requests by where they end (elv_rqhash): finds back merges.</summary>
internal sealed class EndTable
{
    private const int Buckets = 256;

    private readonly Request?[] _buckets = new Request?[Buckets];

    public void Add(Request request)
    {
        ref Request? bucket = ref _buckets[Index(request.End)];
        request.Links.HashNext = bucket;
        bucket = request;
    }

    /// <summary>
    /// Takes out a request that ended at <paramref name="end"/> when it was added.
    /// </summary>
    public void Remove(Request request, long end)
    {
        int index = Index(end);
        Request? at = _buckets[index];
        if (at == request)
        {
            _buckets[index] = request.Links.HashNext;
        }
        else
        {
            while (at!.Links.HashNext != request) at = at.Links.HashNext;
            at.Links.HashNext = request.Links.HashNext;
        }
        request.Links.HashNext = null;
    }

    /// <summary>A request of that operation that ends there.</summary>
    public Request? Find(long end, BlockOperation operation)
    {
        Request? at = _buckets[Index(end)];
        while (at is not null && (at.End != end || at.Operation != operation))
            at = at.Links.HashNext;
        return at;
    }

    private static int Index(long end) =>
        (int)(((ulong)end * 0x9E3779B97F4A7C15) >> 56) & (Buckets - 1);
}
