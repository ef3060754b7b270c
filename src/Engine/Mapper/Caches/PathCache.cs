// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Mapper;

/// <summary>
/// The cache behind one path, as far as a map has written into it, and the flush that empties it:
/// one at a time, past the map, on the path's own queue.
/// </summary>
internal sealed class PathCache : IBioOwner
{
    private readonly PrivateCaches _caches;
    private readonly RequestQueue _path;
    private readonly Bio _flush;

    /// <summary>Writes that are not acknowledged before a flush that began behind them.</summary>
    private readonly List<(Request Write, long Landed)> _writes = [];
    private long _losses;
    private bool _isFlushing;

    /// <summary>What had landed when the flush began.</summary>
    private long _covered;

    public PathCache(PrivateCaches caches, RequestQueue path)
    {
        _caches = caches;
        _path = path;
        _flush = new Bio(this) { Operation = BlockOperation.Flush };
        _losses = Losses;
    }

    /// <summary>A flush of the map needs one of this path.</summary>
    public bool IsWanted { get; set; }

    private long Losses => (_path.Driver as PathDevice)?.Losses ?? 0;

    /// <summary>
    /// Whether it was lost since this was asked last: the server may have been started anew.
    /// </summary>
    public bool TakeLoss()
    {
        if (_losses == Losses) return false;
        _losses = Losses;
        return true;
    }

    /// <summary>A write without FUA that must be durable before it is acknowledged.</summary>
    public void FlushAfter(Request write, long landed)
    {
        _writes.Add((write, landed));
        Flush();
    }

    /// <summary>Flushes, unless it is under way: who is not covered asks again.</summary>
    public void Flush()
    {
        IsWanted = false;
        if (_isFlushing) return;
        _isFlushing = true;
        _caches.CheckLoss(this);
        _covered = _caches.Landed;
        _path.Submit(_flush);
    }

    public void EndBio(Bio bio)
    {
        _isFlushing = false;
        BlockStatus status = bio.Status;
        // Lost and back again meanwhile: what it has flushed is not what we wrote.
        if (_caches.CheckLoss(this) && status == BlockStatus.Ok) status = BlockStatus.Transport;
        (Request Write, long Landed)[] ended =
            [.. _writes.Where(write => write.Landed <= _covered)];
        _writes.RemoveRange(0, ended.Length);
        _caches.OnFlushed(this, _path, _covered, status);
        foreach ((Request write, _) in ended) _caches.EndWrite(write, status);
        if (_writes.Count > 0) Flush();
    }
}
