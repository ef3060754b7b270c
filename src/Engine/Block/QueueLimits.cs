// SPDX-License-Identifier: Apache-2.0
namespace Braid.Block;

/// <summary>
/// What a queue takes in one request, and what its device can do (struct queue_limits, in bytes).
/// Immutable: a device whose limits change gets new ones.
/// </summary>
public sealed record QueueLimits
{
    /// <summary>Longest read or write.</summary>
    public long MaxBytes { get; init; } = 32 << 20;

    /// <summary>Ranges of memory in one request.</summary>
    public int MaxSegments { get; init; } = 128;

    /// <summary>
    /// No request crosses a multiple of this; 0 for no such border (chunk_sectors).
    /// </summary>
    public long BoundaryBytes { get; init; }

    /// <summary>Offsets and lengths are multiples of this.</summary>
    public int LogicalBlockSize { get; init; } = 512;

    /// <summary>Longest discard; 0 when the device has none.</summary>
    public long MaxDiscardBytes { get; init; }

    /// <summary>Longest write of zeroes; 0 when the device has none.</summary>
    public long MaxWriteZeroesBytes { get; init; }

    /// <summary>Writes may be lost with the power until a flush.</summary>
    public bool WriteCache { get; init; }

    /// <summary>Single writes can be made durable.</summary>
    public bool Fua { get; init; }

    public bool ReadOnly { get; init; }

    /// <summary>Can say what is allocated.</summary>
    public bool Extents { get; init; }

    /// <summary>
    /// To be stacked on others: it makes blocks no smaller and requests no longer than this, and
    /// leaves the rest.
    /// </summary>
    public static QueueLimits AtMost(int block, long maxBytes) => new()
    {
        MaxBytes = maxBytes,
        MaxSegments = int.MaxValue,
        LogicalBlockSize = block,
        MaxDiscardBytes = long.MaxValue,
        MaxWriteZeroesBytes = long.MaxValue,
        Extents = true,
    };

    /// <summary>Longest request of that operation.</summary>
    public long MaxFor(BlockOperation operation) =>
        operation is BlockOperation.Read or BlockOperation.Write
            ? MaxBytes
            : MaxForOther(operation);

    private long MaxForOther(BlockOperation operation) => operation switch
    {
        BlockOperation.Discard => MaxDiscardBytes,
        BlockOperation.WriteZeroes => MaxWriteZeroesBytes,
        BlockOperation.Flush or BlockOperation.Extents => long.MaxValue,
        _ => 0,
    };

    /// <summary>
    /// What two devices below one have in common (blk_stack_limits): each limit the stricter one.
    /// A cache below makes a cache above; FUA must be everybody's who has a cache.
    /// </summary>
    public QueueLimits Stack(QueueLimits other) => new()
    {
        MaxBytes = InBlocks(
            Math.Min(MaxBytes, other.MaxBytes),
            Math.Max(LogicalBlockSize, other.LogicalBlockSize)),
        MaxSegments = Math.Min(MaxSegments, other.MaxSegments),
        BoundaryBytes = CommonBorder(BoundaryBytes, other.BoundaryBytes),
        LogicalBlockSize = Math.Max(LogicalBlockSize, other.LogicalBlockSize),
        MaxDiscardBytes = Math.Min(MaxDiscardBytes, other.MaxDiscardBytes),
        MaxWriteZeroesBytes = Math.Min(MaxWriteZeroesBytes, other.MaxWriteZeroesBytes),
        WriteCache = WriteCache || other.WriteCache,
        Fua = (Fua || !WriteCache) && (other.Fua || !other.WriteCache),
        ReadOnly = ReadOnly || other.ReadOnly,
        Extents = Extents && other.Extents,
    };

    /// <summary>
    /// Why a device with the limits <paramref name="below"/> cannot serve what these promise above;
    /// null when it can.
    /// </summary>
    public string? Exceeds(QueueLimits below)
    {
        if (below.ReadOnly && !ReadOnly) return "it is read-only";
        if (below.WriteCache && !WriteCache) return "it has a write cache and the others have none";
        if (Fua && WriteCache && below.WriteCache && !below.Fua) return "it has no FUA";
        if (below.LogicalBlockSize > LogicalBlockSize)
            return $"its block size is {below.LogicalBlockSize}, not {LogicalBlockSize}";
        if (below.MaxBytes < MaxBytes) return $"it takes only {below.MaxBytes} bytes in a request";
        if (below.MaxSegments < MaxSegments)
            return $"it takes only {below.MaxSegments} segments in a request";
        if (!HasBordersOf(below))
            return $"its requests must not cross a multiple of {below.BoundaryBytes} bytes";
        if (below.MaxDiscardBytes < MaxDiscardBytes) return "it has no trim";
        if (below.MaxWriteZeroesBytes < MaxWriteZeroesBytes) return "it has no write-zeroes";
        if (Extents && !below.Extents) return "it cannot list its extents";
        return null;
    }

    private bool HasBordersOf(QueueLimits below) =>
        below.BoundaryBytes == 0
        || (BoundaryBytes > 0 && below.BoundaryBytes % BoundaryBytes == 0);

    /// <summary>In whole blocks, where there is one (blk_round_down_sectors).</summary>
    private static long InBlocks(long bytes, int block) =>
        bytes < block ? bytes : bytes - (bytes % block);

    /// <summary>The coarsest border that has those of both: the greatest common divisor.</summary>
    private static long CommonBorder(long a, long b)
    {
        while (b != 0) (a, b) = (b, a % b);
        return a;
    }
}
