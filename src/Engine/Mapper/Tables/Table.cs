// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Braid.Block;
using Braid.Io;

namespace Braid.Mapper;

/// <summary>One target with its range of the mapped device, in bytes.</summary>
public sealed record TargetEntry(long Offset, long Length, ITarget Target)
{
    public long End => Offset + Length;
}

/// <summary>The targets of a mapped device in order, without gaps (struct dm_table).</summary>
public sealed class Table
{
    /// <summary>Bytes of a sector, the unit of every table and status line.</summary>
    public const int SectorSize = 512;

    /// <summary>The largest device: 8 EiB less a sector.</summary>
    public const long MaxSectors = long.MaxValue / SectorSize;

    /// <summary>
    /// Mapped devices one over the other: an I/O passes through all of them on the stack.
    /// </summary>
    public const int MaxDepth = 64;

    private const long AnyMaxBytes = 1 << 20;

    private readonly TargetEntry[] _entries;
    private readonly List<BlockDevice> _opened = [];

    /// <summary>Opens the devices below; <see cref="Release"/> closes them.</summary>
    public Table(IEnumerable<TargetEntry> entries)
    {
        _entries = [.. entries];
        Invariant.That(_entries.Length > 0);
        SizeBytes = _entries[^1].End;
        foreach (BlockDevice device in Devices)
        {
            device.Open();
            _opened.Add(device);
        }
    }

    /// <summary>The parts of devices below that its targets use; some may be there twice.</summary>
    public IEnumerable<DeviceRange> Ranges => _entries.SelectMany(entry => entry.Target.Ranges);

    /// <summary>The devices below, each once.</summary>
    public IEnumerable<BlockDevice> Devices => Ranges.Select(range => range.Device).Distinct();

    public IReadOnlyList<TargetEntry> Entries => _entries;

    public long SizeBytes { get; }

    /// <summary>The only target of a request-based device.</summary>
    public IRequestTarget? RequestTarget =>
        _entries.Length == 1 ? _entries[0].Target as IRequestTarget : null;

    /// <summary>Type of the target that a device must keep once it has it; null for none.</summary>
    public string? ImmutableType => _entries
        .Select(entry => entry.Target).FirstOrDefault(target => target.IsImmutable)?.TypeName;

    /// <summary>The target at an offset within the device.</summary>
    public TargetEntry Find(long offset)
    {
        int low = 0;
        int high = _entries.Length - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (offset < _entries[middle].End) high = middle;
            else low = middle + 1;
        }
        return _entries[low];
    }

    /// <summary>Whether this can be the table of a device.</summary>
    /// <exception cref="TableException">
    /// The device would be below itself, or too many would lie one over the other.
    /// </exception>
    public void RequirePlaceOver(BlockDevice device)
    {
        var depths = new Dictionary<BlockDevice, int>();
        int depth = Measure(depths);
        if (depths.ContainsKey(device))
            throw new TableException($"{device.Name} would be below itself");
        if (depth > MaxDepth)
            throw new TableException($"more than {MaxDepth} devices would lie one over the other");
    }

    /// <summary>Whether a device that must keep that type may have this table.</summary>
    public bool Replaces(string immutableType) =>
        _entries.Length == 1
        && (_entries[0].Target.IsWildcard || _entries[0].Target.TypeName == immutableType);

    /// <summary>
    /// Whether a device with this table works on requests or on bios (dm_table_determine_type).
    /// </summary>
    /// <param name="live">What the device works on; None for a new one.</param>
    /// <exception cref="TableException">The targets do not go together.</exception>
    public TargetKinds DetermineKind(TargetKinds live)
    {
        const TargetKinds Either = TargetKinds.Bio | TargetKinds.Request;
        TargetKinds wanted = TargetKinds.None;
        foreach (TargetEntry entry in _entries)
            if (entry.Target.Kinds != Either) wanted |= entry.Target.Kinds;
        if (wanted == Either)
            throw new TableException("targets on requests and targets on bios cannot be mixed");
        if (wanted == TargetKinds.None)
            wanted = live == TargetKinds.Request ? TargetKinds.Request : TargetKinds.Bio;
        if (wanted == TargetKinds.Request && _entries.Length > 1)
            throw new TableException("a request-based device has one target");
        return wanted;
    }

    /// <summary>Every device below must take requests.</summary>
    /// <exception cref="TableException">One takes bios only.</exception>
    public void RequireRequestQueues()
    {
        foreach (DeviceRange range in Ranges)
            if (range.Device.Queue is null)
                throw new TableException(
                    $"{range.Device.Name} takes no requests, only bios: use queue_mode bio");
    }

    /// <summary>
    /// What the devices below have in common. Where none of them is known yet, what nearly any can
    /// do: blocks of 512 bytes, requests of 1 MiB; and a cache, which any may have. One that can do
    /// less is refused when it comes, unless that was declared.
    /// </summary>
    /// <param name="current">Kept by a table without any device; null for the first table.</param>
    /// <param name="declared">The most that any device is said to do; null for nothing.</param>
    /// <exception cref="TableException">
    /// A device is too small, or its blocks too large, or they do not go together.
    /// </exception>
    public QueueLimits CalculateLimits(QueueLimits? current, QueueLimits? declared = null)
    {
        QueueLimits? stacked = null;
        bool isEmpty = true;
        foreach (TargetEntry entry in _entries)
        {
            if (entry.Target.OwnLimits is { } own)
            {
                isEmpty = false;
                stacked = Stack(stacked, own);
            }
            int block = BlockOf(entry.Target);
            foreach (DeviceRange range in entry.Target.Ranges)
            {
                isEmpty = false;
                RequireSize(range);
                RequireAlignment(range, block);
                if (range.Device.HasLimits) stacked = Stack(stacked, range.Device.Limits);
            }
        }
        if (isEmpty) return current ?? new QueueLimits { MaxBytes = AnyMaxBytes };
        stacked ??= new QueueLimits { WriteCache = true, MaxBytes = AnyMaxBytes };
        if (declared is not null) stacked = stacked.Stack(declared);
        RequireRoomForBlock(stacked);
        RequireWholeBlocks(stacked.LogicalBlockSize);
        return stacked;
    }

    /// <summary>Lets the devices go; the table must not be used any more.</summary>
    public void Release()
    {
        foreach (BlockDevice device in _opened) device.Close();
        _opened.Clear();
        foreach (TargetEntry entry in _entries) entry.Target.Release();
    }

    /// <summary>The kernel's lines, `dmsetup table`.</summary>
    public IReadOnlyList<TableLine> TableLines() =>
        Lines(static (target, text) => target.AppendTable(text));

    /// <summary>The kernel's lines, `dmsetup status`.</summary>
    public IReadOnlyList<TableLine> StatusLines() =>
        Lines(static (target, text) => target.AppendStatus(text));

    /// <summary>The same as text.</summary>
    public string Describe() => string.Join('\n', TableLines());

    /// <summary>The same as text.</summary>
    public string Status() => string.Join('\n', StatusLines());

    private static QueueLimits Stack(QueueLimits? above, QueueLimits below) =>
        above is null ? below : above.Stack(below);

    /// <summary>
    /// How many tables lie one over the other from this one down; each device is looked at once.
    /// </summary>
    private int Measure(Dictionary<BlockDevice, int> known)
    {
        int most = 0;
        foreach (BlockDevice device in Devices)
        {
            if (!known.TryGetValue(device, out int depth))
            {
                // A table in waiting may be live when this one is.
                var map = device as MappedDevice;
                depth = Math.Max(
                    map?.Table?.Measure(known) ?? 0, map?.InactiveTable?.Measure(known) ?? 0);
                known[device] = depth;
            }
            most = Math.Max(most, depth);
        }
        return most + 1;
    }

    private static void RequireSize(DeviceRange range)
    {
        long size = range.Device.SizeBytes;
        // A path that was never reached may still be the right one; it is asked when it comes.
        if (size == 0 || range.Length <= size - range.Offset) return;
        throw new TableException(
            $"{range.Device.Name} is too small for target: start={range.Offset / SectorSize}, "
            + $"len={range.Length / SectorSize}, dev_size={size / SectorSize}");
    }

    /// <summary>The largest block of the devices of a target.</summary>
    private static int BlockOf(ITarget target) => target.Ranges
        .Where(range => range.Device.HasLimits)
        .Select(range => range.Device.Limits.LogicalBlockSize).DefaultIfEmpty(SectorSize).Max();

    private static void RequireAlignment(DeviceRange range, int block)
    {
        if (((range.Offset | range.Length) & (block - 1)) == 0) return;
        throw new TableException(
            $"start={range.Offset / SectorSize}, len={range.Length / SectorSize} of "
            + $"{range.Device.Name} is not aligned to the block size {block}");
    }

    /// <summary>
    /// A request must be a block at least to one device, and be taken by the other: where none can
    /// be both they do not go together.
    /// </summary>
    private void RequireRoomForBlock(QueueLimits stacked)
    {
        int block = stacked.LogicalBlockSize;
        if (stacked.MaxBytes >= block) return;
        BlockDevice[] known = [.. Devices.Where(device => device.HasLimits)];
        string Named(Predicate<QueueLimits> isIt) =>
            Array.Find(known, device => isIt(device.Limits))?.Name ?? "what was declared";
        throw new TableException(
            $"{Named(limits => limits.MaxBytes < block)} takes only {stacked.MaxBytes} bytes in a "
            + $"request, less than the block size {block} of "
            + Named(limits => limits.LogicalBlockSize == block));
    }

    /// <summary>
    /// A block that begins in one target and ends in others must be whole blocks to them, and there
    /// must be no such block at the end (validate_hardware_logical_block_alignment).
    /// </summary>
    private void RequireWholeBlocks(int block)
    {
        long missing = 0;
        foreach (TargetEntry entry in _entries)
        {
            bool endsHere = missing < entry.Length;
            if (endsHere && (missing & (BlockOf(entry.Target) - 1)) != 0)
                throw new TableException(
                    $"the target at {entry.Offset / SectorSize} is not aligned to its block size");
            missing = -entry.End & (block - 1);
        }
        if (missing > 0)
            throw new TableException($"the end is not aligned to the block size {block}");
    }

    private List<TableLine> Lines(Action<ITarget, StringBuilder> append)
    {
        var lines = new List<TableLine>(_entries.Length);
        foreach (TargetEntry entry in _entries)
        {
            var text = new StringBuilder();
            append(entry.Target, text);
            lines.Add(new TableLine(
                entry.Offset / SectorSize, entry.Length / SectorSize, entry.Target.TypeName,
                text.ToString()));
        }
        return lines;
    }
}
