// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Braid.Mapper;

namespace Braid.Daemon;

/// <summary>
/// One status line of a multipath target out of those of all loops. A path is failed where it is on
/// any, as often as on the loop where it was most; I/O in flight is summed; times are the mean.
/// </summary>
internal static class StatusMerge
{
    /// <summary>Of several loops; the lead's first. What cannot be merged is the lead's.</summary>
    public static TableLine Merge(TableLine[] loops)
    {
        TableLine lead = loops[0];
        if (lead.Type != "multipath" || loops.Length == 1) return lead;
        string[][] words = [.. loops.Select(line => line.Arguments.Split(' '))];
        bool isSameShape = Array.TrueForAll(words, one => one.Length == words[0].Length);
        if (!isSameShape) return lead;
        string[] merged = [.. words[0]];
        foreach ((int at, int perPath) in Paths(words[0])) MergePath(words, merged, at, perPath);
        return lead with { Arguments = string.Join(' ', merged) };
    }

    /// <summary>Where each path's state is, and how many words its selector has after it.</summary>
    private static IEnumerable<(int At, int PerPath)> Paths(string[] words)
    {
        int at = 0;
        at += 1 + Number(words[at]);
        at += 1 + Number(words[at]);
        int groups = Number(words[at]);
        at += 2;
        for (int group = 0; group < groups; group++)
        {
            at++;
            at += 1 + Number(words[at]);
            int paths = Number(words[at]);
            int perPath = Number(words[at + 1]);
            at += 2;
            for (int path = 0; path < paths; path++)
            {
                yield return (at + 1, perPath);
                at += 3 + perPath;
            }
        }
    }

    private static void MergePath(string[][] loops, string[] merged, int at, int perPath)
    {
        bool hasFailed = Array.Exists(loops, words => words[at] == "F");
        merged[at] = hasFailed ? "F" : "A";
        merged[at + 1] = Text(loops.Max(words => Long(words[at + 1])));
        int inFlight = at + 2;
        if (perPath == 3)
        {
            // historical-service-time: the time comes first, of loops that know one.
            merged[inFlight] = Text(Mean(loops.Select(words => Long(words[at + 2]))));
            inFlight++;
        }
        if (perPath > 0) merged[inFlight] = Text(loops.Sum(words => Long(words[inFlight])));
    }

    private static long Mean(IEnumerable<long> times)
    {
        long[] known = [.. times.Where(time => time > 0)];
        return known.Length == 0 ? 0 : known.Sum() / known.Length;
    }

    private static int Number(string word) => int.Parse(word, CultureInfo.InvariantCulture);

    private static long Long(string word) => long.Parse(word, CultureInfo.InvariantCulture);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
