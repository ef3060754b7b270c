// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Braid.Daemon;

/// <summary>
/// One answer out of those of all loops: what counts is summed, a path is up, and active, only
/// where it is on every loop. What is the same everywhere is the lead's.
/// </summary>
internal static class ControlMerge
{
    /// <summary>Between the number of a loop and the id of an I/O that it holds.</summary>
    private const char Of = ':';

    /// <param name="request">What was asked.</param>
    /// <param name="replies">By loop; the first is the lead's.</param>
    public static ControlReply Merge(ControlRequest request, ControlReply[] replies)
    {
        ControlReply lead = replies[0];
        if (Array.Find(replies, reply => reply.Error is not null) is { } refused) return refused;
        return lead with
        {
            Note = replies.Select(reply => reply.Note).FirstOrDefault(note => note is not null),
            Failed = lead.Failed is null ? null : replies.Sum(reply => reply.Failed),
            Tables = request.Command == "status" ? MergeStatus(replies) : lead.Tables,
            Maps = Each(replies, reply => reply.Maps, map => map.Name, Merge),
            Held = Each(replies, reply => reply.Held, map => map.Name, Merge),
            Paths = Each(replies, reply => reply.Paths, path => path.Name, Merge),
        };
    }

    /// <summary>The ids that are of one loop, without its number.</summary>
    public static IReadOnlyList<string> IdsOf(int loop, IReadOnlyList<string> ids)
    {
        string before = Prefix(loop);
        bool IsOfOther(string id) => id.Contains(Of, StringComparison.Ordinal);
        return loop == 0
            ? [.. ids.Where(id => !IsOfOther(id))]
            : [.. ids.Where(id => id.StartsWith(before, StringComparison.Ordinal))
                .Select(id => id[before.Length..])];
    }

    /// <summary>An id that is of none of so many loops; null when there is none.</summary>
    public static string? Unknown(int loops, IReadOnlyList<string> ids) => ids.FirstOrDefault(
        id => id.Contains(Of, StringComparison.Ordinal)
            && !Enumerable.Range(1, loops - 1).Any(
                loop => id.StartsWith(Prefix(loop), StringComparison.Ordinal)));

    private static string Prefix(int loop) =>
        string.Create(CultureInfo.InvariantCulture, $"{loop}{Of}");

    /// <summary>
    /// What the lead has, each with what the others have of that name; null where it has nothing.
    /// </summary>
    private static IReadOnlyList<T>? Each<T>(
        ControlReply[] replies, Func<ControlReply, IReadOnlyList<T>?> part, Func<T, string> name,
        Func<T[], T> merge)
    {
        if (part(replies[0]) is not { } own) return null;
        T[] SameAs(T one) =>
        [
            .. replies.SelectMany(reply => part(reply) ?? [])
                .Where(other => name(other) == name(one)),
        ];
        return [.. own.Select(one => merge(SameAs(one)))];
    }

    private static MapState Merge(MapState[] loops) => loops[0] with
    {
        Suspended = Array.Exists(loops, map => map.Suspended),
        // A map above is there on each loop, a client on one.
        OpenCount = loops[0].OpenCount - loops[0].Clients + loops.Sum(map => map.Clients),
        Held = loops.Sum(map => map.Held),
        StaleWritesTotal = loops.Sum(map => map.StaleWritesTotal),
        Hedges = loops[0].Hedges is null ? null : new HedgeState(
            loops.Sum(map => map.Hedges!.Sent), loops.Sum(map => map.Hedges!.Won),
            loops.Sum(map => map.Hedges!.Denied)),
        ClientsByLoop = [.. loops.Select(map => map.Clients)],
    };

    /// <summary>Each loop knows all stale writes, but only its own I/O.</summary>
    private static HeldState Merge(HeldState[] loops) => loops[0] with
    {
        Ios =
        [
            .. loops.SelectMany((map, loop) => map.Ios.Select(
                io => loop == 0 ? io : io with { Id = Prefix(loop) + io.Id }))
                .OrderByDescending(io => io.AgeMs),
        ],
    };

    private static PathReport Merge(PathReport[] loops)
    {
        int worst = Array.FindIndex(loops, path => path.Problem is not null);
        if (worst < 0) return loops[0];
        string where = worst == 0
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $"on loop {worst}: ");
        return loops[0] with
        {
            State = loops[worst].State,
            Problem = where + loops[worst].Problem,
        };
    }

    private static List<TableState> MergeStatus(ControlReply[] replies)
    {
        var merged = new List<TableState>();
        foreach (TableState lead in replies[0].Tables ?? [])
        {
            TableState[] all =
            [
                .. replies.SelectMany(reply => reply.Tables ?? [])
                    .Where(table => table.Name == lead.Name),
            ];
            merged.Add(lead with
            {
                Targets =
                [
                    .. lead.Targets.Select((line, i) => StatusMerge.Merge(
                        [.. all.Where(t => t.Targets.Count > i).Select(t => t.Targets[i])])),
                ],
            });
        }
        return merged;
    }
}
