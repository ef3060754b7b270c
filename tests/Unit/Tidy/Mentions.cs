// SPDX-License-Identifier: Apache-2.0
using System.Text.RegularExpressions;

namespace Braid.Tests.Unit.Tidy;

/// <summary>What a page names in code marks is there: files of the tree, and tests.</summary>
internal static partial class Mentions
{
    /// <param name="page">Any file; only .md files are read.</param>
    /// <param name="exists">Whether a path from the root is a file or folder.</param>
    /// <param name="isTest">Whether there is a test of that name.</param>
    public static IEnumerable<Breach> Check(
        SourceFile page, Func<string, bool> exists, Func<string, bool> isTest)
    {
        if (!page.Path.EndsWith(".md", StringComparison.Ordinal)) yield break;
        for (int i = 0; i < page.Lines.Length; i++)
        {
            foreach (Match span in CodeSpan().Matches(page.Lines[i]))
            {
                string text = span.Groups["text"].Value;
                if (FilePath().IsMatch(text) && !exists(text.TrimEnd('/')))
                    yield return new Breach(page.Path, i + 1, $"no file {text}");
                if (Sentence().IsMatch(text) && !isTest(text))
                    yield return new Breach(page.Path, i + 1, $"no test {text}");
            }
        }
    }

    /// <summary>Looks for a method of that name in the tests.</summary>
    public static bool IsTest(string name) => Repository.Files.Any(file =>
        file.IsUnder("tests") && file.Lines.Any(
            line => line.Contains($" {name}(", StringComparison.Ordinal)));

    [GeneratedRegex("`(?<text>[^`]+)`")]
    private static partial Regex CodeSpan();

    /// <summary>A path below one of the tree's folders, without wildcards.</summary>
    [GeneratedRegex(@"^(src|tests|benchmarks|docs|scripts)/[A-Za-z0-9_./-]+$")]
    private static partial Regex FilePath();

    /// <summary>Tests are named by the sentence that they prove: four words or more.</summary>
    [GeneratedRegex("^[A-Z][A-Za-z0-9]*(_[A-Za-z0-9]+){3,}$")]
    private static partial Regex Sentence();
}
