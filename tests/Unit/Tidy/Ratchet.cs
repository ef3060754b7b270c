// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Unit.Tidy;

/// <summary>
/// Breaches that are older than their rule. The list only gets shorter: one that grew is a new
/// breach, and one that shrank or went has to change or go here too.
/// </summary>
internal static class Ratchet
{
    public static readonly KnownBreach[] Known = [];

    /// <summary>The breaches that are not known, and the known that are gone: lines.</summary>
    public static string Judge(
        string test, IEnumerable<Breach> breaches, IEnumerable<KnownBreach> known)
    {
        List<KnownBreach> left = [.. known.Where(entry => entry.Test == test)];
        List<string> lines = [];
        foreach (Breach breach in breaches)
            if (!left.Remove(new KnownBreach(test, breach.Path, breach.Rule)))
                lines.Add(breach.ToString());
        foreach (KnownBreach gone in left)
            lines.Add($"{gone.Path}: \"{gone.Rule}\" is gone: take it out of Tidy/Ratchet.cs");
        return string.Join('\n', lines);
    }
}

/// <summary>A breach as its rule words it, but for the line.</summary>
/// <param name="Test">The test that finds it.</param>
/// <param name="Path">The file.</param>
/// <param name="Rule">What is wrong there, with its number.</param>
internal sealed record KnownBreach(string Test, string Path, string Rule);
