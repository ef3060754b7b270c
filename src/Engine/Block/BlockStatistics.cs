// SPDX-License-Identifier: Apache-2.0
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

    /// <summary>A clone of that kind has ended.</summary>
    internal void CountCloneEnd(BlockOperation operation)
    {
        if (operation == BlockOperation.Flush) FlushClones++;
        else CountEnd(operation);
    }

    /// <summary>A bio of that kind begins: a device without a queue counts it now.</summary>
    public void CountStart(BlockOperation operation, long bytes)
    {
        CountEnd(operation);
        CountBytes(operation, bytes);
    }

    /// <summary>It has not begun, after all.</summary>
    public void TakeBack(BlockOperation operation, long bytes)
    {
        Count(operation, -1);
        CountBytes(operation, -bytes);
    }

    /// <summary>A request or bio of that kind has ended.</summary>
    public void CountEnd(BlockOperation operation) => Count(operation, 1);

    private void Count(BlockOperation operation, int more)
    {
        switch (operation)
        {
            case BlockOperation.Read:
                Reads += more;
                break;
            case BlockOperation.Write:
            case BlockOperation.WriteZeroes:
                Writes += more;
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

    /// <summary>That many bytes of it were done.</summary>
    public void CountBytes(BlockOperation operation, long bytes)
    {
        if (operation == BlockOperation.Read) ReadBytes += bytes;
        else if (operation is BlockOperation.Write or BlockOperation.WriteZeroes)
            WriteBytes += bytes;
    }
}
