// SPDX-License-Identifier: Apache-2.0
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Braid.Tests.Unit.Tidy;

/// <summary>The sizes that no file, line, function or type exceeds.</summary>
internal static class Numbers
{
    public const int MaxFunctionLines = 70;
    public const int MaxFileLines = 600;
    public const int MaxColumns = 100;
    public const int MaxFields = 20;

    private const string Licence = "// SPDX-License-Identifier: Apache-2.0";

    /// <summary>Their types have as many fields as the kernel's or the protocol's have.</summary>
    private static readonly string[] ForeignLayouts = ["src/Io/Abi", "src/Wire"];

    public static IEnumerable<Breach> CheckLicence(SourceFile file)
    {
        if (file.IsCSharp && file.Lines[0] != Licence)
            yield return new Breach(file.Path, 1, "the first line is not the SPDX line");
    }

    public static IEnumerable<Breach> CheckFile(SourceFile file)
    {
        if (file.IsCSharp && !file.IsGenerated && file.Lines.Length > MaxFileLines)
            yield return new Breach(
                file.Path, MaxFileLines + 1, $"a file of {file.Lines.Length} lines");
    }

    public static IEnumerable<Breach> CheckColumns(SourceFile file)
    {
        if (!IsCode(file) || file.IsGenerated) yield break;
        for (int i = 0; i < file.Lines.Length; i++)
        {
            int columns = file.Lines[i].EnumerateRunes().Count();
            if (columns > MaxColumns)
                yield return new Breach(file.Path, i + 1, $"a line of {columns} columns");
        }
    }

    public static IEnumerable<Breach> CheckFunctions(SourceFile file)
    {
        if (!file.IsCSharp || file.IsGenerated) yield break;
        foreach (SyntaxNode node in file.Nodes.Where(IsFunction))
        {
            int lines = LinesOf(node);
            if (lines > MaxFunctionLines)
                yield return file.At(node, $"a function of {lines} lines");
        }
        int statements = file.Nodes.OfType<GlobalStatementSyntax>().Sum(LinesOf);
        if (statements > MaxFunctionLines)
            yield return new Breach(file.Path, 1, $"{statements} lines of top-level statements");
    }

    /// <summary>Over all files: a partial type is one type.</summary>
    public static IEnumerable<Breach> CheckFields(IEnumerable<SourceFile> files)
    {
        var types =
            from file in files
            where file.IsCSharp && !file.IsGenerated && !Array.Exists(ForeignLayouts, file.IsUnder)
            from type in file.Nodes.OfType<TypeDeclarationSyntax>()
            group (File: file, Type: type) by (Assembly(file), NameOf(type));
        foreach (var parts in types)
        {
            int fields = parts.Sum(part => FieldsOf(part.Type));
            if (fields <= MaxFields) continue;
            (SourceFile file, TypeDeclarationSyntax type) = parts.MaxBy(p => FieldsOf(p.Type));
            yield return file.At(type, $"{type.Identifier.Text} has {fields} instance fields");
        }
    }

    private static bool IsCode(SourceFile file) =>
        file.IsCSharp || file.Text.StartsWith("#!", StringComparison.Ordinal)
        || Path.GetExtension(file.Path) is ".sh" or ".csproj" or ".props" or ".targets";

    private static bool IsFunction(SyntaxNode node) => node
        is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax
        or AnonymousFunctionExpressionSyntax
        or PropertyDeclarationSyntax { ExpressionBody: not null }
        or IndexerDeclarationSyntax { ExpressionBody: not null };

    /// <summary>Without its comment and attributes.</summary>
    private static int LinesOf(SyntaxNode node)
    {
        SyntaxToken first = node.ChildNodesAndTokens().First(part => !IsAttributes(part)) switch
        {
            { IsToken: true } part => part.AsToken(),
            var part => part.AsNode()!.GetFirstToken(),
        };
        FileLinePositionSpan whole = node.GetLocation().GetLineSpan();
        int start = first.GetLocation().GetLineSpan().StartLinePosition.Line;
        return whole.EndLinePosition.Line - start + 1;
    }

    private static bool IsAttributes(SyntaxNodeOrToken part) =>
        part.IsKind(SyntaxKind.AttributeList);

    /// <summary>The folder of a floor is an assembly; elsewhere the first two are.</summary>
    private static string Assembly(SourceFile file) =>
        Floors.FolderOf(file.Path) ?? string.Join('/', file.Path.Split('/').Take(2));

    private static string NameOf(TypeDeclarationSyntax type)
    {
        IEnumerable<string> names = type.AncestorsAndSelf().Select(node => node switch
        {
            TypeDeclarationSyntax outer =>
                $"{outer.Identifier.Text}`{outer.TypeParameterList?.Parameters.Count}",
            BaseNamespaceDeclarationSyntax space => space.Name.ToString(),
            _ => "",
        });
        return string.Join('.', names.Reverse());
    }

    private static int FieldsOf(TypeDeclarationSyntax type)
    {
        if (type is InterfaceDeclarationSyntax) return 0;
        int positional = type is RecordDeclarationSyntax record
            ? record.ParameterList?.Parameters.Count ?? 0
            : 0;
        return positional + type.Members.Sum(FieldsOf);
    }

    private static int FieldsOf(MemberDeclarationSyntax member) => member switch
    {
        _ when member.Modifiers.Any(SyntaxKind.StaticKeyword) => 0,
        _ when member.Modifiers.Any(SyntaxKind.ConstKeyword) => 0,
        _ when member.Modifiers.Any(SyntaxKind.AbstractKeyword) => 0,
        BaseFieldDeclarationSyntax field => field.Declaration.Variables.Count,
        PropertyDeclarationSyntax property => IsBacked(property) ? 1 : 0,
        _ => 0,
    };

    private static bool IsBacked(PropertyDeclarationSyntax property) =>
        property.AccessorList is { } list
        && (list.Accessors.Any(accessor => accessor is { Body: null, ExpressionBody: null })
            || list.DescendantNodes().Any(node => node.IsKind(SyntaxKind.FieldExpression)));
}
