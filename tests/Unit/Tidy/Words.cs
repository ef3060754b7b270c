// SPDX-License-Identifier: Apache-2.0
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Braid.Tests.Unit.Tidy;

/// <summary>Notes to self, and folded code: neither is for others to read.</summary>
internal static partial class Words
{
    public static IEnumerable<Breach> CheckNotes(SourceFile file)
    {
        // The pages that tell the rule have to name the words.
        if (file.Path.EndsWith(".md", StringComparison.Ordinal)) yield break;
        for (int i = 0; i < file.Lines.Length; i++)
            if (Note().Match(file.Lines[i]) is { Success: true } note)
                yield return new Breach(file.Path, i + 1, $"a {note.Value}: do it, or file it");
    }

    public static IEnumerable<Breach> CheckRegions(SourceFile file)
    {
        if (!file.IsCSharp) return [];
        return file.Tree.GetRoot().DescendantNodes(descendIntoTrivia: true)
            .OfType<RegionDirectiveTriviaSyntax>()
            .Select(region => file.At(region, "a region: split the type instead"));
    }

    // In two halves, so that this file is no breach itself.
    [GeneratedRegex(@"\b(TO" + @"DO|FIX" + @"ME|HA" + @"CK)\b", RegexOptions.ExplicitCapture)]
    private static partial Regex Note();
}
