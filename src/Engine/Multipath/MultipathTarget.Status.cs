// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;

namespace Braid.Multipath;

/// <summary>
/// The kernel's table and status text (multipath_status), blank at the end included.
/// </summary>
public sealed partial class MultipathTarget
{
    public void AppendTable(StringBuilder text)
    {
        IReadOnlyList<string> features = Features.Words();
        AppendNumber(text, features.Count);
        foreach (string word in features) text.Append(word).Append(' ');
        text.Append(Handler is null ? "0 " : $"1 {Handler.Name} ");
        AppendGroups(text, StatusKind.Table);
    }

    public void AppendStatus(StringBuilder text)
    {
        text.Append(_queueIo ? "2 1 " : "2 0 ");
        AppendNumber(text, _activation.Rounds);
        // Words of the handler's own: none.
        text.Append("0 ");
        AppendGroups(text, StatusKind.Info);
    }

    private static void AppendNumber(StringBuilder text, long number) =>
        text.Append(CultureInfo.InvariantCulture, $"{number} ");

    private void AppendGroups(StringBuilder text, StatusKind kind)
    {
        AppendNumber(text, _groups.Count);
        PriorityGroup? named = _nextGroup ?? _currentGroup;
        AppendNumber(text, named?.Number ?? Math.Min(1, _groups.Count));
        foreach (PriorityGroup group in _groups) AppendGroup(text, kind, group);
    }

    private void AppendGroup(StringBuilder text, StatusKind kind, PriorityGroup group)
    {
        if (kind == StatusKind.Info) text.Append(State(group)).Append(' ');
        else text.Append(group.Selector.Name).Append(' ');
        group.Selector.AppendStatus(text, kind);
        AppendNumber(text, group.Paths.Count);
        AppendNumber(text, group.Selector.WordsPerPath(kind));
        foreach (PgPath path in group.Paths)
        {
            text.Append(path.Device.Name).Append(' ');
            if (kind == StatusKind.Info)
            {
                text.Append(path.IsActive ? "A " : "F ");
                AppendNumber(text, path.FailCount);
            }
            group.Selector.AppendStatus(text, kind, path);
        }
    }

    /// <summary>Disabled, active or enabled.</summary>
    private char State(PriorityGroup group) =>
        group.IsBypassed ? 'D' : group == _currentGroup ? 'A' : 'E';
}
