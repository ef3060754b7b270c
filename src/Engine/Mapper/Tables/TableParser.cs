// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Mapper;

/// <summary>Finds the devices that tables name.</summary>
public interface IDeviceResolver
{
    /// <summary>
    /// The device of that name or URI; <see cref="TableException"/> when there is none.
    /// </summary>
    BlockDevice Find(string name);
}

/// <summary>Where a target is made for.</summary>
/// <param name="Offset">First byte of its range of the mapped device.</param>
/// <param name="Length">Bytes of the range.</param>
/// <param name="Devices">Finds the devices that its arguments name.</param>
/// <param name="Host">The mapped device.</param>
public sealed record TargetContext(
    long Offset, long Length, IDeviceResolver Devices, ITargetHost Host);

/// <summary>A kind of target: makes one from the words of a table line.</summary>
public interface ITargetType
{
    /// <summary>As the table names it.</summary>
    string Name { get; }

    /// <summary>Reads the arguments; <see cref="TableException"/> when they are wrong.</summary>
    ITarget Create(TableWords words, TargetContext context);
}

/// <summary>Reads tables: lines of `START LENGTH TYPE ARGUMENTS...`, in 512-byte sectors.</summary>
public sealed class TableParser(IReadOnlyList<ITargetType> types, IDeviceResolver devices)
{
    /// <summary>Targets in one table; far more than anybody composes by hand.</summary>
    private const int MaxTargets = 4096;

    public Table Parse(string text, ITargetHost host)
    {
        var entries = new List<TargetEntry>();
        string[] lines = text.Trim().Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i])) continue;
            if (entries.Count == MaxTargets) throw new TableException("too many targets");
            long expected = entries.Count == 0 ? 0 : entries[^1].End;
            var words = new TableWords(lines[i], lines.Length > 1 ? i + 1 : 0);
            entries.Add(ParseLine(words, expected, host));
            if (entries.Count > 1) RequireAlone(entries[^2].Target, entries[^1].Target);
        }
        if (entries.Count == 0) throw new TableException("the table is empty");
        return new Table(entries);
    }

    private static void RequireAlone(params ReadOnlySpan<ITarget> neighbours)
    {
        foreach (ITarget target in neighbours)
        {
            if (!target.IsSingleton) continue;
            throw new TableException(
                $"a table with a target of type {target.TypeName} has no other target");
        }
    }

    private TargetEntry ParseLine(TableWords words, long expected, ITargetHost host)
    {
        long start = words.TakeSectors("the start sector");
        long expectedStart = expected / Table.SectorSize;
        if (start != expectedStart)
            throw new TableException($"the target must start at {expectedStart}", words);
        long length = words.TakeSectors("the length");
        long max = Table.MaxSectors - start;
        if (length == 0 || length > max)
            throw new TableException($"the length must be 1 to {max}", words);
        string name = words.Take("the target type");
        ITargetType type = types.FirstOrDefault(candidate => candidate.Name == name)
            ?? throw new TableException($"unknown target type, known are {Known()}", words);
        var context = new TargetContext(expected, length * Table.SectorSize, devices, host);
        return new TargetEntry(expected, context.Length, type.Create(words, context));
    }

    private string Known() => string.Join(", ", types.Select(type => type.Name));
}
