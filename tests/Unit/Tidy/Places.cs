// SPDX-License-Identifier: Apache-2.0
using System.Text.RegularExpressions;

namespace Braid.Tests.Unit.Tidy;

/// <summary>
/// What is true on one machine only: the path of a checkout or of a person's home, and the host
/// that packages came from.
/// </summary>
internal static partial class Places
{
    /// <param name="file">Any file.</param>
    /// <param name="root">Where the checkout is on this machine.</param>
    public static IEnumerable<Breach> Check(SourceFile file, string root)
    {
        for (int i = 0; i < file.Lines.Length; i++)
        {
            string line = file.Lines[i];
            if (Holds(line, root))
                yield return new Breach(file.Path, i + 1, $"the path of this checkout: {root}");
            if (MachinePath().Match(line) is { Success: true } path)
                yield return new Breach(file.Path, i + 1, $"a path of one machine: {path.Value}");
            if (RegistryHost().Match(line) is { Success: true } host)
                yield return new Breach(file.Path, i + 1, $"a registry's host: {host.Value}");
        }
    }

    private static bool Holds(string line, string root)
    {
        // A checkout in /src says nothing: that is a word of ours.
        if (root.LastIndexOf('/') < 1) return false;
        return line.Contains(root, StringComparison.Ordinal);
    }

    // Homes, and the folders that build machines check out into. No breach of itself: each word is
    // followed by a bracket, not by a slash.
    [GeneratedRegex(@"(?<![\w./:-])/((home|Users)/\w+|root|work(space)?|builds?|__w)/",
        RegexOptions.ExplicitCapture)]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"\b([\w-]+\.)*((nuget|npmjs|pypi|crates|debian)\.(org|io)|ubuntu\.com)\b"
        + @"|https?://[\w.:-]*(registry|mirror|proxy|artifactory|nexus|feed)",
        RegexOptions.ExplicitCapture)]
    private static partial Regex RegistryHost();
}
