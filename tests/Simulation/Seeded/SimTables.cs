// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Braid.Io;
using Braid.Mapper;

namespace Braid.Tests.Simulation;

/// <summary>Tables over the paths: groups, selectors and features as the seed has it.</summary>
internal sealed class SimTables
{
    private readonly SimPlan _plan;
    private readonly LoopRandom _random;

    public SimTables(SimPlan plan)
    {
        _plan = plan;
        _random = SimRandom.For(plan.Seed, "tables");
        First = Draw([.. Enumerable.Range(0, plan.Paths).Select(i => $"s{i}")]);
    }

    public string First { get; }

    public static bool Queues(string table) =>
        table.Contains("queue_if_no_path", StringComparison.Ordinal);

    /// <summary>A table over these paths, in any order and grouping.</summary>
    public string Draw(List<string> paths)
    {
        var groups = new List<string>();
        while (paths.Count > 0)
        {
            int count = _random.Between(1, paths.Count);
            groups.Add(Group(Take(paths, count)));
        }
        return string.Create(CultureInfo.InvariantCulture,
            $"0 {_plan.VolumeBytes / Table.SectorSize} multipath {Features()} {Handler} "
            + $"{groups.Count} "
            + $"{_random.Between(1, groups.Count)} {string.Join(' ', groups)}");
    }

    private string Handler => _plan.Servers.HasHandlers ? $"1 {SimHandler.HandlerName}" : "0";

    private List<string> Take(List<string> paths, int count)
    {
        var taken = new List<string>();
        for (int i = 0; i < count; i++)
        {
            int index = (int)_random.Next(paths.Count);
            taken.Add(paths[index]);
            paths.RemoveAt(index);
        }
        return taken;
    }

    private string Features()
    {
        var words = new List<string>();
        if (_plan.QueueIfNoPath) words.Add("queue_if_no_path");
        if (_plan.BioMode) words.AddRange(["queue_mode", "bio"]);
        else if (_random.Chance(300)) words.AddRange(["queue_mode", "mq"]);
        if (_random.Chance(100)) words.AddRange(["pg_init_retries", "3"]);
        return string.Join(' ', words.Prepend($"{words.Count}"));
    }

    private string Group(List<string> paths)
    {
        switch (_random.Next(5))
        {
            case 0:
                return $"round-robin 0 {paths.Count} 1 {Each(paths, () => "1")}";
            case 1:
                return $"queue-length 0 {paths.Count} 0 {string.Join(' ', paths)}";
            case 2:
                string Weight() => $"1 {_random.Between(1, 10)}";
                return $"service-time 0 {paths.Count} 2 {Each(paths, Weight)}";
            case 3 when paths.Count == 1:
                return $"io-affinity 0 1 1 {paths[0]} 1";
            default:
                return $"historical-service-time 0 {paths.Count} 0 {string.Join(' ', paths)}";
        }
    }

    private static string Each(List<string> paths, Func<string> words) =>
        string.Join(' ', paths.Select(path => $"{path} {words()}"));
}
