// SPDX-License-Identifier: Apache-2.0
using System.Runtime.CompilerServices;

namespace Braid.Block;

/// <summary>
/// Counters of one device on one loop (the kernel's /sys/block/NAME/stat). Threads: written by the
/// loop only; others may read values that are a turn old.
/// </summary>
public sealed class BlockStatistics
{
    public long Reads { get; set; }

    public long ReadMerges { get; set; }

    public long ReadBytes { get; set; }

    public long Writes { get; set; }

    public long WriteMerges { get; set; }

    public long WriteBytes { get; set; }

    public long Discards { get; set; }

    public long Flushes { get; set; }

    /// <summary>
    /// Flushes that came as clones from a map above; the kernel calls them reads.
    /// </summary>
    public long FlushClones { get; set; }

    /// <summary>Requests that were given back and mapped again.</summary>
    public long Requeues { get; set; }

    /// <summary>Requests in flight at the driver now.</summary>
    public int InFlight { get; set; }

    internal void CountMerge(bool isWrite)
    {
        if (isWrite) WriteMerges++;
        else ReadMerges++;
    }

    /// <summary>A clone of that kind has ended, of so many bytes.</summary>
    internal void CountCloneEnd(BlockOperation operation, long bytes)
    {
        if (operation == BlockOperation.Flush) FlushClones++;
        else Count(operation, 1, bytes);
    }

    /// <summary>A bio of that kind begins: a device without a queue counts it now.</summary>
    public void CountStart(BlockOperation operation, long bytes) => Count(operation, 1, bytes);

    /// <summary>It has not begun, after all.</summary>
    public void TakeBack(BlockOperation operation, long bytes) => Count(operation, -1, -bytes);

    /// <summary>
    /// A request of that kind has ended; bytes that were counted before are not among these.
    /// </summary>
    public void CountEnd(BlockOperation operation, long bytes) => Count(operation, 1, bytes);

    /// <summary>That many bytes of one were done, which has not ended.</summary>
    public void CountBytes(BlockOperation operation, long bytes) => Count(operation, 0, bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Count(BlockOperation operation, int more, long bytes)
    {
        switch (operation)
        {
            case BlockOperation.Read:
                Reads += more;
                ReadBytes += bytes;
                break;
            case BlockOperation.Write:
            case BlockOperation.WriteZeroes:
                Writes += more;
                WriteBytes += bytes;
                break;
            case BlockOperation.Discard:
                Discards += more;
                break;
            case BlockOperation.Flush:
                Flushes += more;
                break;
            case BlockOperation.Extents:
            default:
                break;
        }
    }
}
