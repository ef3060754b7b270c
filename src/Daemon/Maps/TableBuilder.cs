// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;
using Braid.Mapper;

namespace Braid.Daemon;

/// <summary>Writes the table line that options and paths amount to.</summary>
internal static class TableBuilder
{
    public static string Build(MapOptions options, long sizeBytes)
    {
        var text = new StringBuilder();
        long sectors = sizeBytes / Table.SectorSize;
        text.Append(CultureInfo.InvariantCulture, $"0 {sectors} multipath ");
        AppendFeatures(text, options);
        text.Append("0 ");
        IReadOnlyList<DeclaredPath[]> groups = Group(options);
        text.Append(CultureInfo.InvariantCulture, $"{groups.Count} 1");
        foreach (DeclaredPath[] group in groups)
        {
            text.Append(CultureInfo.InvariantCulture, $" {options.Selector} {group.Length} 0");
            foreach (DeclaredPath path in group) text.Append(' ').Append(path.Name);
        }
        return text.ToString();
    }

    /// <summary>Bytes that a table covers: its last line's end; 0 without one.</summary>
    public static long SizeOf(string table)
    {
        string[] words = table.TrimEnd().Split('\n')[^1].Split(' ', StringSplitOptions.TrimEntries
            | StringSplitOptions.RemoveEmptyEntries);
        const long MaxSectors = long.MaxValue / Table.SectorSize / 2;
        return words.Length > 1 && IsNumber(words[0], out long start) && start <= MaxSectors
            && IsNumber(words[1], out long length) && length <= MaxSectors
                ? (start + length) * Table.SectorSize
                : 0;
    }

    private static bool IsNumber(string word, out long number) =>
        long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static void AppendFeatures(StringBuilder text, MapOptions options)
    {
        var words = new List<string>();
        if (options.QueueIfNoPath) words.Add("queue_if_no_path");
        if (options.BioMode) words.AddRange(["queue_mode", "bio"]);
        text.Append(CultureInfo.InvariantCulture, $"{words.Count} ");
        foreach (string word in words) text.Append(word).Append(' ');
    }

    private static IReadOnlyList<DeclaredPath[]> Group(MapOptions options) =>
        options.Grouping == GroupingPolicy.Multibus
            ? [[.. options.Paths]]
            : [.. options.Paths.Select(path => new[] { path })];
}
