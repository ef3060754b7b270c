// SPDX-License-Identifier: Apache-2.0
using System.Text.RegularExpressions;

namespace Braid.Tests.Unit.Tidy;

/// <summary>A page links to files that are there.</summary>
internal static partial class Links
{
    /// <param name="page">Any file; only .md files are read.</param>
    /// <param name="exists">Whether a path from the root is a file or folder.</param>
    public static IEnumerable<Breach> Check(SourceFile page, Func<string, bool> exists)
    {
        if (!page.Path.EndsWith(".md", StringComparison.Ordinal)) yield break;
        bool inCode = false;
        for (int i = 0; i < page.Lines.Length; i++)
        {
            string line = page.Lines[i];
            if (line.TrimStart().StartsWith("```", StringComparison.Ordinal)) inCode = !inCode;
            if (inCode) continue;
            foreach (string target in TargetsOf(line))
                if (!exists(Resolve(page, target)))
                    yield return new Breach(page.Path, i + 1, $"no file for the link {target}");
        }
    }

    /// <summary>
    /// Within single quotes the shell keeps a backslash and its newline: a command that is copied
    /// from the page would not do what it says.
    /// </summary>
    public static IEnumerable<Breach> CheckQuotes(SourceFile page)
    {
        if (!page.Path.EndsWith(".md", StringComparison.Ordinal)) yield break;
        for (int i = 0; i < page.Lines.Length; i++)
        {
            string line = page.Lines[i];
            if (line.EndsWith('\\') && line.Count(c => c == '\'') % 2 != 0)
                yield return new Breach(page.Path, i + 1, "a line broken within single quotes");
        }
    }

    /// <summary>Files are known; a folder is there when a file is in it.</summary>
    public static bool Exists(string path) => Repository.Files.Any(
        file => file.Path == path || path.Length == 0 || file.IsUnder(path));

    private static IEnumerable<string> TargetsOf(string line) =>
        from link in Link().Matches(CodeSpan().Replace(line, ""))
        let target = link.Groups["target"].Value.Split('#')[0]
        where target.Length > 0 && !Scheme().IsMatch(target)
        select target;

    private static string Resolve(SourceFile page, string target)
    {
        string full = Path.GetFullPath(target, "/" + page.Folder);
        return full.Trim('/');
    }

    [GeneratedRegex(
        @"(\]\(|^\s*\[[^\]]+\]:\s*)<?(?<target>[^)\s>]+)", RegexOptions.ExplicitCapture)]
    private static partial Regex Link();

    [GeneratedRegex("`[^`]*`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex("^[a-z][a-z0-9+.-]*:", RegexOptions.IgnoreCase)]
    private static partial Regex Scheme();
}
