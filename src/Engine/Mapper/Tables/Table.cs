// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
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

    private readonly TargetEntry[] _entries;

    public Table(IEnumerable<TargetEntry> entries)
    {
        _entries = [.. entries];
        Invariant.That(_entries.Length > 0);
    }

    public IReadOnlyList<TargetEntry> Entries => _entries;

    public long SizeBytes => _entries[^1].End;

    /// <summary>The only target, if it maps requests: then the device is request-based.</summary>
    public IRequestTarget? RequestTarget =>
        _entries.Length == 1 ? _entries[0].Target as IRequestTarget : null;

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

    /// <summary>
    /// What the devices below have in common. Where none of them is known yet, what nearly any can
    /// do: blocks of 512 bytes, requests of 1 MiB. One that can do less is refused when it comes.
    /// </summary>
    public QueueLimits StackLimits()
    {
        QueueLimits? stacked = null;
        foreach (TargetEntry entry in _entries)
            foreach (BlockDevice device in entry.Target.Devices)
                if (device.HasLimits)
                    stacked = stacked is null ? device.Limits : stacked.Stack(device.Limits);
        return stacked ?? new QueueLimits { WriteCache = true, MaxBytes = 1 << 20 };
    }

    /// <summary>The kernel's lines, `dmsetup table`.</summary>
    public string Describe() => Lines(static (target, text) => target.AppendTable(text));

    /// <summary>The kernel's lines, `dmsetup status`.</summary>
    public string Status() => Lines(static (target, text) => target.AppendStatus(text));

    private string Lines(Action<ITarget, StringBuilder> append)
    {
        var text = new StringBuilder();
        foreach (TargetEntry entry in _entries)
        {
            if (text.Length > 0) text.Append('\n');
            text.Append(CultureInfo.InvariantCulture, $"{entry.Offset / SectorSize} ");
            text.Append(CultureInfo.InvariantCulture, $"{entry.Length / SectorSize} ");
            text.Append(entry.Target.TypeName).Append(' ');
            append(entry.Target, text);
        }
        return text.ToString();
    }
}
