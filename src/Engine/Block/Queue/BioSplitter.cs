// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Block;

/// <summary>
/// Cuts bios that are longer than one request may be (bio_split_to_limits). The parts come from a
/// pool; the whole ends when the last part has, with the first error.
/// </summary>
internal sealed unsafe class BioSplitter(RequestQueue queue) : IBioOwner
{
    private readonly Stack<Bio> _pool = new();

    public bool IsNeeded(Bio bio)
    {
        // Its data is a list of answers, not the bytes of the range: it cannot be cut.
        if (bio.Operation == BlockOperation.Extents) return false;
        QueueLimits limits = queue.Limits;
        if (bio.Length > MaxFor(bio, limits)) return true;
        long border = limits.BoundaryBytes;
        return border > 0 && bio.Length > 0 && bio.Offset / border != (bio.End - 1) / border;
    }

    public void Split(Bio bio)
    {
        long position = bio.Offset;
        bio.Status = BlockStatus.Ok;
        bio.Stale = null;
        // One extra, so that parts that end at once do not end the whole before all are cut.
        bio.Parts = 1;
        while (position < bio.End)
        {
            long length = LengthAt(bio, position);
            bio.Parts++;
            queue.Insert(Part(bio, position, length));
            position += length;
        }
        EndPart(bio);
    }

    public void EndBio(Bio part)
    {
        Bio whole = part.Parent!;
        if (whole.Status == BlockStatus.Ok) whole.Status = part.Status;
        whole.Stale = StaleWrite.Join(whole.Stale, part.Stale);
        part.Parent = null;
        _pool.Push(part);
        EndPart(whole);
    }

    private static void EndPart(Bio whole)
    {
        if (--whole.Parts == 0) whole.EndWith(whole.Status, whole.Stale);
    }

    private static long MaxFor(Bio bio, QueueLimits limits)
    {
        long max = limits.MaxFor(bio.Operation);
        return bio.SegmentBytes == 0 ? max
            : Math.Min(max, (long)limits.MaxSegments * bio.SegmentBytes);
    }

    private long LengthAt(Bio bio, long position)
    {
        QueueLimits limits = queue.Limits;
        // A limit may be odd (2^32 - 1 in NBD); all parts but the last end with a block.
        long max = MaxFor(bio, limits);
        if (max > limits.LogicalBlockSize) max -= max % limits.LogicalBlockSize;
        Invariant.That(max > 0);
        long length = Math.Min(bio.End - position, max);
        long border = limits.BoundaryBytes;
        return border > 0 ? Math.Min(length, border - (position % border)) : length;
    }

    private Bio Part(Bio whole, long position, long length)
    {
        if (!_pool.TryPop(out Bio? part)) part = new Bio(this);
        part.Operation = whole.Operation;
        part.Flags = whole.Flags;
        part.Offset = position;
        part.Length = length;
        part.Data = whole.Data is null ? null : whole.Data + (position - whole.Offset);
        part.SegmentBytes = whole.SegmentBytes;
        part.Client = whole.Client;
        part.Parent = whole;
        return part;
    }
}
