// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;
using Braid.Block;
using Braid.Mapper;
using Braid.Multipath;

namespace Braid.Daemon;

/// <summary>A map as `multipath -ll` shows it. On the map's loop.</summary>
public static class Topology
{
    public static string Describe(MappedDevice map)
    {
        var text = new StringBuilder();
        MultipathTarget? target = map.Table?.Entries
            .Select(entry => entry.Target).OfType<MultipathTarget>().FirstOrDefault();
        text.Append(CultureInfo.InvariantCulture, $"{map.Name} dm-{map.Number} BRAID,MULTIPATH\n");
        text.Append(CultureInfo.InvariantCulture, $"size={Sizes.Format(map.SizeBytes)} ");
        string features = target is null ? "0" : Features(target);
        string handler = target?.Handler is { } choice ? $"1 {choice.Name}" : "0";
        string mode = map.Limits.ReadOnly ? "ro" : "rw";
        text.Append(CultureInfo.InvariantCulture,
            $"features='{features}' hwhandler='{handler}' wp={mode}\n");
        if (target is not null) AppendGroups(text, target);
        return text.ToString().TrimEnd('\n');
    }

    private static string Features(MultipathTarget target)
    {
        IReadOnlyList<string> words = target.Features.Words();
        return string.Join(' ', words.Prepend(words.Count.ToString(CultureInfo.InvariantCulture)));
    }

    private static void AppendGroups(StringBuilder text, MultipathTarget target)
    {
        int nameWidth = target.Groups.SelectMany(group => group.Paths)
            .Select(path => path.Device.Name.Length).DefaultIfEmpty(0).Max();
        foreach (PriorityGroup group in target.Groups)
        {
            bool isLast = group.Number == target.Groups.Count;
            string state = group.IsBypassed ? "disabled"
                : group == target.CurrentGroup ? "active" : "enabled";
            text.Append(isLast ? "`-+- " : "|-+- ");
            text.Append(CultureInfo.InvariantCulture,
                $"policy='{group.Selector.Name} 0' prio=1 status={state}\n");
            for (int i = 0; i < group.Paths.Count; i++)
            {
                text.Append(isLast ? "  " : "| ");
                text.Append(i == group.Paths.Count - 1 ? "`- " : "|- ");
                AppendPath(text, group.Paths[i], nameWidth);
            }
        }
    }

    private static void AppendPath(StringBuilder text, PgPath path, int nameWidth)
    {
        var device = path.Device as PathDevice;
        string dm = path.IsActive ? "active" : "failed";
        string check = device?.State switch
        {
            PathState.Up when path.IsActive => "ready running",
            PathState.Up => "faulty running",
            _ => "faulty offline",
        };
        text.Append(path.Device.Name.PadRight(nameWidth)).Append(' ');
        text.Append(CultureInfo.InvariantCulture, $"{dm} {check} {device?.Uri}");
        if (device?.Problem is { Length: > 0 } problem)
            text.Append(CultureInfo.InvariantCulture, $" ({problem})");
        text.Append('\n');
    }
}
