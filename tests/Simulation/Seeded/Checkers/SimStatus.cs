// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Braid.Mapper;

namespace Braid.Tests.Simulation;

/// <summary>The status of a map can be read as the kernel's is, and says what is so.</summary>
internal static class SimStatus
{
    public static void Check(SimWorld world)
    {
        foreach (MappedDevice map in world.Maps) Check(world, map);
    }

    private static void Check(SimWorld world, MappedDevice map)
    {
        if (SimWorld.TargetOf(map) is not { } target) return;
        TableLine line = map.Table!.StatusLines()[0];
        try
        {
            int active = Read(line.Arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            if (active == target.ValidPaths) return;
            world.Fail($"{active} paths are active, not {target.ValidPaths}: {line}");
        }
        catch (Exception error) when (error is FormatException or IndexOutOfRangeException)
        {
            world.Fail($"a status that cannot be read: '{line}': {error.Message}");
        }
    }

    /// <summary>How many paths are active (multipath_status, STATUSTYPE_INFO).</summary>
    private static int Read(string[] words)
    {
        int at = 0;
        int Number() => int.Parse(words[at++], CultureInfo.InvariantCulture);
        void Skip(int count) => at += count;
        // The target's own words, then the handler's.
        Skip(Number());
        Skip(Number());
        int groups = Number();
        if (Number() > groups) throw new FormatException("a current group beyond the last");
        int active = 0;
        for (int group = 0; group < groups; group++)
        {
            if (words[at++] is not ("A" or "D" or "E")) throw new FormatException("a group");
            Skip(Number());
            int paths = Number();
            int perPath = Number();
            for (int path = 0; path < paths; path++)
            {
                at++;
                if (words[at] is not ("A" or "F")) throw new FormatException("a path");
                if (words[at++] == "A") active++;
                _ = Number();
                at += perPath;
            }
        }
        return at == words.Length ? active : throw new FormatException("more words");
    }
}
