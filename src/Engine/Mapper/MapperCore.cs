// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Mapper;

/// <summary>
/// How a mapped device works: on requests or on bios. Made with the first table, for good; a new
/// table is put under it while nothing is at a target.
/// </summary>
internal abstract class MapperCore
{
    protected MapperCore() => Shield = new StaleWriteShield(KickRequeueList);

    /// <summary>Holds back what a stale write may overwrite; stays with the device.</summary>
    public StaleWriteShield Shield { get; }

    /// <summary>The queue of a request-based device.</summary>
    public abstract RequestQueue? Queue { get; }

    public abstract BlockStatistics Statistics { get; }

    /// <summary>
    /// I/Os of clients that have not ended, wherever they are held, and late answers to others.
    /// </summary>
    public abstract int InFlight { get; }

    /// <summary>Of private caches; null while the paths share one.</summary>
    public virtual KeptState? Kept => null;

    /// <summary>What became of hedged reads; null where there are none.</summary>
    public virtual HedgeCounters? Hedges => null;

    /// <summary>I/Os that wait for something, and are not on their way.</summary>
    public abstract IEnumerable<HeldIo> Held();

    /// <summary>
    /// Has held I/Os fail, those that are meant; while the device is suspended, when it is resumed.
    /// How many.
    /// </summary>
    public abstract int FailHeld(Predicate<string> isMeant);

    /// <summary>
    /// Whoever would wait for it is about to be gone: I/O that is held fails, and so does what
    /// would have to wait before its next try.
    /// </summary>
    public virtual void GiveUp() => FailHeld(static _ => true);

    public abstract void Submit(Bio bio);

    /// <summary>Swaps the table; only while quiesced and idle.</summary>
    public abstract void SetTable(Table table, QueueLimits limits);

    /// <summary>
    /// Other limits or a shorter device, while quiesced and idle: what waits is fitted to them.
    /// </summary>
    /// <param name="submit">Submits a bio to the device anew.</param>
    public abstract void Renew(Action<Bio> submit);

    /// <summary>Gives the targets nothing more; what comes is kept.</summary>
    public abstract void Quiesce();

    /// <summary>Goes on with what was kept.</summary>
    public abstract void Unquiesce();

    /// <summary>Calls back when nothing is at a target, perhaps at once.</summary>
    public abstract void WhenIdle(Action callback);

    /// <summary>A path has failed or was reinstated.</summary>
    public virtual void OnPathChanged(BlockDevice path, bool isActive)
    {
        // Only private caches have to know.
    }

    /// <summary>The device is gone, and so is what was kept for it.</summary>
    public virtual void Release()
    {
        // Most keep nothing.
    }

    /// <summary>Whether a write to that range, in bytes, is at a target.</summary>
    public abstract bool HasWriteInFlight(long begin, long end);

    /// <summary>
    /// Has <see cref="ShieldPeers.Settle"/> called after a write has ended; again when asked again.
    /// </summary>
    public abstract void WatchWrites();

    /// <summary>Has what waits for a path mapped again.</summary>
    public abstract void KickRequeueList();
}
