// SPDX-License-Identifier: Apache-2.0
namespace Braid.Block;

/// <summary>
/// A write that needs flushes around it (block/blk-flush.c): preflush, data, and a postflush where
/// the device has a cache but no FUA. Each step is a bio of its own; a flush waits for nothing but
/// what came before it in its sequence.
/// </summary>
internal sealed unsafe class FlushSequence : IBioOwner
{
    private readonly RequestQueue _queue;
    private readonly Stack<FlushSequence> _pool;
    private readonly Bio _step;
    private Bio? _bio;
    private bool _dataDone;
    private StaleWrite? _stale;

    /// <summary>
    /// The data goes without FUA. What the limits were then counts: a map may get others meanwhile.
    /// </summary>
    private bool _needsPostflush;

    private FlushSequence(RequestQueue queue, Stack<FlushSequence> pool)
    {
        _queue = queue;
        _pool = pool;
        _step = new Bio(this);
    }

    /// <summary>Whether the bio cannot go to the device in one step.</summary>
    public static bool IsNeeded(Bio bio, QueueLimits limits)
    {
        if (bio.Flags == BioFlags.None || !limits.WriteCache) return false;
        if (bio.Operation == BlockOperation.Flush) return false;
        return (bio.Flags & BioFlags.Preflush) != 0 || NeedsPostflush(bio, limits);
    }

    public static void Start(RequestQueue queue, Stack<FlushSequence> pool, Bio bio)
    {
        if (!pool.TryPop(out FlushSequence? sequence)) sequence = new FlushSequence(queue, pool);
        sequence._bio = bio;
        sequence._dataDone = false;
        if ((bio.Flags & BioFlags.Preflush) != 0) sequence.SubmitFlush();
        else sequence.SubmitData();
    }

    public void EndBio(Bio step)
    {
        _stale = StaleWrite.Join(_stale, step.Stale);
        if (step.Status != BlockStatus.Ok) End(step.Status);
        else if (step.Operation != BlockOperation.Flush && _needsPostflush) SubmitFlush();
        else if (step.Operation == BlockOperation.Flush && !_dataDone) SubmitData();
        else End(BlockStatus.Ok);
    }

    private static bool NeedsPostflush(Bio bio, QueueLimits limits) =>
        (bio.Flags & BioFlags.Fua) != 0 && !limits.Fua;

    private void SubmitFlush()
    {
        _step.Operation = BlockOperation.Flush;
        _step.Flags = BioFlags.None;
        _step.Offset = _step.Length = 0;
        _step.Data = null;
        _queue.Submit(_step);
    }

    private void SubmitData()
    {
        Bio bio = _bio!;
        BioFlags dropped = BioFlags.Preflush;
        _needsPostflush = NeedsPostflush(bio, _queue.Limits);
        if (_needsPostflush) dropped |= BioFlags.Fua;
        _dataDone = true;
        _step.Operation = bio.Operation;
        _step.Flags = bio.Flags & ~dropped;
        _step.Client = bio.Client;
        _step.Offset = bio.Offset;
        _step.Length = bio.Length;
        _step.Data = bio.Data;
        _step.SegmentBytes = bio.SegmentBytes;
        _queue.Submit(_step);
    }

    private void End(BlockStatus status)
    {
        Bio bio = _bio!;
        StaleWrite? stale = _stale;
        _bio = null;
        _stale = null;
        _pool.Push(this);
        bio.EndWith(status, stale);
    }
}
