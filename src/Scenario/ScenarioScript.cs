// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Braid.Scenario;

/// <summary>A scenario as it was written: a step on each line, and comments.</summary>
/// <param name="Name">Of the file, without its folder and extension.</param>
/// <param name="Lines">Steps and comments in order; no empty ones.</param>
/// <param name="Cpus">CPUs of the machine it is played on (`# smp N`), 1 to 64.</param>
/// <param name="Modules">Kernel modules it needs besides the usual ones (`# needs`).</param>
public sealed record ScenarioScript(
    string Name, IReadOnlyList<string> Lines, int Cpus, IReadOnlyList<string> Modules)
{
    private const string CpusMark = "# smp ";
    private const string ModulesMark = "# needs ";
    private const int MaxCpus = 64;

    /// <summary>Longest file in lines: far more than anybody writes.</summary>
    private const int MaxLines = 100_000;

    /// <summary>Reads a scenario.</summary>
    /// <exception cref="ScenarioException">It is not one; the message says where.</exception>
    public static ScenarioScript Parse(string name, string text)
    {
        string[] lines = text.Split('\n');
        if (lines.Length > MaxLines)
            throw new ScenarioException($"{name}: longer than {MaxLines} lines");
        var kept = new List<string>();
        var modules = new List<string>();
        int cpus = 1;
        foreach (string line in lines)
        {
            string trimmed = line.Trim();
            if (trimmed.Length == 0) continue;
            if (trimmed.StartsWith(CpusMark, StringComparison.Ordinal))
                cpus = ReadCpus(name, trimmed);
            if (trimmed.StartsWith(ModulesMark, StringComparison.Ordinal))
                modules.AddRange(trimmed[ModulesMark.Length..].Split(' '));
            kept.Add(trimmed);
        }
        return new ScenarioScript(name, kept, cpus, modules);
    }

    private static int ReadCpus(string name, string line)
    {
        string number = line[CpusMark.Length..];
        if (int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int cpus)
            && cpus is >= 1 and <= MaxCpus)
            return cpus;
        throw new ScenarioException($"{name}: '{line}': the number of CPUs must be 1 to {MaxCpus}");
    }
}

/// <summary>A scenario that cannot be played; the message is one line for the user.</summary>
public sealed class ScenarioException(string message) : Exception(message);
