// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests;

/// <summary>
/// What a test needs from the machine. A test whose tools are missing is skipped by their names;
/// the check of a clean checkout allows no such skip.
/// </summary>
internal static class Needs
{
    /// <summary>Skips the running test unless every tool is on the PATH.</summary>
    public static void Tool(params ReadOnlySpan<string> tools)
    {
        string missing = "";
        foreach (string tool in tools)
            if (!IsOnPath(tool)) missing += missing.Length == 0 ? tool : ", " + tool;
        // .ci/run looks for reasons that start with this word.
        if (missing.Length > 0) Assert.Skip($"needs {missing}");
    }

    private static bool IsOnPath(string tool)
    {
        string path = Environment.GetEnvironmentVariable("PATH") ?? "";
        foreach (string folder in path.Split(':', StringSplitOptions.RemoveEmptyEntries))
            if (File.Exists(Path.Combine(folder, tool))) return true;
        return false;
    }
}
