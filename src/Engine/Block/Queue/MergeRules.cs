// SPDX-License-Identifier: Apache-2.0
namespace Braid.Block;

/// <summary>What may become one request (block/blk-merge.c).</summary>
internal static class MergeRules
{
    /// <summary>Whether a bio may share a request at all.</summary>
    public static bool IsMergeable(Bio bio) =>
        (bio.Operation is BlockOperation.Read or BlockOperation.Write or BlockOperation.Discard)
        && bio.Flags == BioFlags.None;

    /// <summary>Whether a request takes more bios.</summary>
    public static bool IsMergeable(Request request) =>
        request.Flags == BioFlags.None
        && request.Operation
            is BlockOperation.Read or BlockOperation.Write or BlockOperation.Discard;

    /// <summary>Tries both ends of a request. True when the bio is in it now.</summary>
    public static bool TryMerge(Request request, Bio bio, QueueLimits limits, long cap)
    {
        if (request.Operation != bio.Operation || !IsMergeable(request)) return false;
        long length = request.Length + bio.Length;
        if (request.End == bio.Offset)
        {
            if (!Fits(request, request.Offset, length, 1, limits, cap)) return false;
            request.Append(bio);
            return true;
        }
        if (bio.End != request.Offset) return false;
        if (!Fits(request, bio.Offset, length, 1, limits, cap)) return false;
        request.Prepend(bio);
        return true;
    }

    /// <summary>
    /// Tries to move all bios of <paramref name="next"/> to the end of the first request
    /// (attempt_merge); the caller then frees the other.
    /// </summary>
    public static bool TryMerge(Request first, Request next, QueueLimits limits, long cap)
    {
        if (first.Operation != next.Operation || first.End != next.Offset) return false;
        if (!IsMergeable(first) || !IsMergeable(next)) return false;
        long length = first.Length + next.Length;
        if (!Fits(first, first.Offset, length, next.Segments, limits, cap)) return false;
        first.Append(next);
        return true;
    }

    private static bool Fits(
        Request request, long offset, long length, int more, QueueLimits limits, long cap)
    {
        if (length > limits.MaxFor(request.Operation) || length > cap) return false;
        if (request.Segments + more > limits.MaxSegments) return false;
        long border = limits.BoundaryBytes;
        return border == 0 || offset / border == (offset + length - 1) / border;
    }
}
