// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Runtime.InteropServices;

namespace Braid.Bench;

/// <summary>Names the machine and the programs, so that a number can be judged later.</summary>
internal static class BenchEnvironment
{
    public const string CommandName = "command";
    private const string Machine = "machine";
    private const string Date = "date";

    /// <summary>What a chart has room for.</summary>
    public static readonly IReadOnlySet<string> InChart =
        new HashSet<string>(StringComparer.Ordinal) { Machine, Date };

    public static IReadOnlyList<KeyValuePair<string, string>> Describe(
        string command, IReadOnlyList<KeyValuePair<string, string>> versions)
    {
        var entries = new List<KeyValuePair<string, string>>
        {
            new(Machine, $"{CpuModel()}, {Environment.ProcessorCount} cores"),
            new("system", $"{RuntimeInformation.OSDescription}, kernel {KernelRelease()}"),
            new("load", $"{LoadAverage()} when it began"),
        };
        entries.AddRange(versions);
        entries.Add(new("dotnet", Environment.Version.ToString()));
        entries.Add(new(Date, DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm 'UTC'",
            CultureInfo.InvariantCulture)));
        entries.Add(new(CommandName, command));
        return entries;
    }

    /// <summary>How busy the machine was in the last minute: 1 is all cores.</summary>
    public static double BusyShare() =>
        double.Parse(LoadAverage(), CultureInfo.InvariantCulture) / Environment.ProcessorCount;

    private static string LoadAverage() => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    private static string KernelRelease() =>
        File.ReadAllText("/proc/sys/kernel/osrelease").Trim();

    private static string CpuModel()
    {
        string? line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(
            text => text.StartsWith("model name", StringComparison.Ordinal));
        return line?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
