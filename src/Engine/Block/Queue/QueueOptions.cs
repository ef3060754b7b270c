// SPDX-License-Identifier: Apache-2.0
namespace Braid.Block;

/// <summary>Which scheduler a queue has (the kernel's elevator).</summary>
public enum SchedulerKind
{
    /// <summary>First come, first served.</summary>
    None,

    /// <summary>mq-deadline: sorted by offset, with a limit to how long a request waits.</summary>
    Deadline,
}

/// <summary>How a queue is made.</summary>
public sealed record QueueOptions
{
    /// <summary>Requests at the same time (nr_requests), 1 to 65536.</summary>
    public int Depth { get; init; } = 128;

    public SchedulerKind Scheduler { get; init; } = SchedulerKind.None;

    /// <summary>
    /// Caps a merge at a share of what is in flight, so that a deep queue of small neighbours over
    /// a network never collapses into one serial request. Off where the kernel is followed exactly.
    /// </summary>
    public bool CapMerges { get; init; }

    /// <summary>
    /// Without a scheduler, clients whose requests wait take turns, so that a flood of one does not
    /// hold up another. Off where the kernel is followed exactly: first come, first served.
    /// </summary>
    public bool TakesTurns { get; init; }

    /// <summary>
    /// Bios that waited for a tag may still merge. In the kernel whoever waits has a request of its
    /// own when it wakes.
    /// </summary>
    public bool MergesWaiting { get; init; } = true;

    /// <summary>
    /// Times that a request may come back from paths and is sent again at once; then it waits, for
    /// longer each time, and fails in the end unless I/O is held without a path. The kernel sends
    /// it again for ever.
    /// </summary>
    public int FreeRetries { get; init; } = int.MaxValue;

    /// <summary>Of a map: whose the caches behind its paths are.</summary>
    public WriteCache WriteCache { get; init; }

    /// <summary>
    /// With private caches: memory for writes that were acknowledged and not flushed. Beyond it
    /// writes are made durable one by one.
    /// </summary>
    public long KeptBytes { get; init; } = 64 << 20;

    /// <summary>Of a map: reads that may be sent on a second path; null for none.</summary>
    public HedgeOptions? Hedging { get; init; }

    /// <summary>
    /// Tags besides, which only <see cref="RequestQueue.TrySubmitReserved"/> gives out: what others
    /// wait for must not wait for their tags.
    /// </summary>
    public int ReservedTags { get; init; }

    /// <summary>
    /// Of a map: the most that it promises above, whatever the paths can do that are known; null
    /// for no more than those. For paths that can do less and may be reached first later.
    /// </summary>
    public QueueLimits? Declared { get; init; }

    /// <summary>
    /// A flush may join one that has not left yet. The kernel begins one as it comes.
    /// </summary>
    public bool MergesFlushes { get; init; } = true;

    /// <summary>
    /// What waits is fitted to a new table of a map: checked, cut and merged anew. The kernel maps
    /// it as it is, even beyond the end of a table that is shorter than the one before.
    /// </summary>
    public bool FitsWaiting { get; init; } = true;

    /// <summary>
    /// Of a multipath map: a path that takes nothing now is passed over for the next that the
    /// selector names, so that a slow path does not hold up a fast one. In the kernel what would
    /// go there waits, and all that is behind it.
    /// </summary>
    public bool PassesBusy { get; init; } = true;

    /// <summary>
    /// Requests that are dispatched before others on the loop get their turn. 1 shows what has
    /// completed at once before the next request is mapped, as an interrupt does.
    /// </summary>
    public int DispatchBatch { get; init; } = int.MaxValue;
}
