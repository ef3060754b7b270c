// SPDX-License-Identifier: Apache-2.0
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Braid.Tests.Unit.Tidy;

/// <summary>One file of the project, or a snippet that stands for one in a test.</summary>
/// <param name="path">From the root, with slashes.</param>
/// <param name="text">All of it; empty for a binary file.</param>
internal sealed class SourceFile(string path, string text)
{
    private static readonly CSharpParseOptions Language = new(LanguageVersion.CSharp14);

    private readonly Lazy<SyntaxTree> _tree =
        new(() => CSharpSyntaxTree.ParseText(text, Language, path));

    private readonly Lazy<string[]> _lines =
        new(() => (text.EndsWith('\n') ? text[..^1] : text).Split('\n'));

    public string Path => path;

    public string Text => text;

    public string Folder => System.IO.Path.GetDirectoryName(path) ?? "";

    public bool IsCSharp => Path.EndsWith(".cs", StringComparison.Ordinal);

    /// <summary>Code that a tool wrote is not held to the numbers.</summary>
    public bool IsGenerated => Path.EndsWith(".Generated.cs", StringComparison.Ordinal);

    public string[] Lines => _lines.Value;

    public SyntaxTree Tree => _tree.Value;

    public IEnumerable<SyntaxNode> Nodes => Tree.GetRoot().DescendantNodes();

    public bool IsUnder(string folder) =>
        Path.StartsWith(folder + "/", StringComparison.Ordinal);

    public Breach At(SyntaxNode node, string rule) => new(Path, LineOf(node), rule);

    public static int LineOf(SyntaxNode node) =>
        node.GetLocation().GetLineSpan().StartLinePosition.Line + 1;
}
