// SPDX-License-Identifier: Apache-2.0
using System.Xml;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Braid.Tests.Unit.Tidy;

/// <summary>The floors of src/: which folder may use which. ARCHITECTURE.md tells why.</summary>
internal static class Floors
{
    private const string Product = "Braid";

    /// <summary>Folders of src/; a star is any one folder. Each may use itself.</summary>
    public static readonly Floor[] Table =
    [
        new("Io"),
        new("Wire"),
        new("Engine/Block", "Io"),
        new("Engine/Mapper", "Engine/Block", "Io"),
        new("Engine/Multipath", "Engine/Mapper", "Engine/Block", "Io"),
        new("Transports/*", "Engine/*", "Wire", "Io"),
        new("Exports/*", "Engine/Block", "Wire", "Io"),
        new("Daemon", "Exports/*", "Transports/*", "Engine/*", "Wire", "Io"),
        new("Scenario", "Transports/*", "Engine/*", "Wire", "Io"),
        new("Cli", "Daemon", "Scenario", "Exports/*", "Transports/*", "Engine/*", "Wire", "Io"),
    ];

    /// <summary>The floor that a path is on, as Transports/Nbd; null when on none.</summary>
    public static string? FolderOf(string path)
    {
        string[] parts = path.Split('/');
        if (parts is not ["src", .. string[] below]) return null;
        foreach (Floor floor in Table)
        {
            int depth = floor.Folder.Count(c => c == '/') + 1;
            string folder = string.Join('/', below.Take(depth));
            if (below.Length > depth && Matches(floor.Folder, folder)) return folder;
        }
        return null;
    }

    /// <summary>Every file of src/ has a floor.</summary>
    public static IEnumerable<Breach> CheckPlace(SourceFile file)
    {
        bool isCode = file.IsCSharp || IsProject(file);
        if (isCode && file.IsUnder("src") && FolderOf(file.Path) is null)
            yield return new Breach(file.Path, 1, "is on no floor of the table in Tidy/Floors.cs");
    }

    /// <summary>What a project references is allowed to its floor.</summary>
    public static IEnumerable<Breach> CheckProject(SourceFile file)
    {
        if (!IsProject(file) || FolderOf(file.Path) is not { } user) yield break;
        foreach (XElement reference in References(file))
        {
            string target = ((string?)reference.Attribute("Include") ?? "").Replace('\\', '/');
            string path = Path.GetRelativePath("/", Path.GetFullPath(target, "/" + file.Folder));
            string? used = FolderOf(path);
            if (used is not null && MayUse(user, used)) continue;
            int line = ((IXmlLineInfo)reference).LineNumber;
            yield return new Breach(file.Path, line, $"src/{user} may not use {path}");
        }
    }

    /// <summary>What a file names, in a using or in full, is allowed to its floor.</summary>
    public static IEnumerable<Breach> CheckNames(SourceFile file)
    {
        if (!file.IsCSharp || FolderOf(file.Path) is not { } user) yield break;
        foreach (IdentifierNameSyntax name in file.Nodes.OfType<IdentifierNameSyntax>())
        {
            if (name.Identifier.Text != Product || !IsFirst(name)) continue;
            string full = WholeName(name);
            string used = FolderOfName(full);
            bool declares = name.FirstAncestorOrSelf<BaseNamespaceDeclarationSyntax>() is { } space
                && space.Name.Span.Contains(name.Span);
            if (declares && used != user)
                yield return file.At(name, $"src/{user} holds no namespace {full}");
            else if (!MayUse(user, used))
                yield return file.At(name, $"src/{user} may not use {full}");
        }
    }

    public static bool MayUse(string user, string used)
    {
        if (user == used) return true;
        Floor floor = Array.Find(Table, floor => Matches(floor.Folder, user))!;
        return floor.MayUse.Any(allowed => Matches(allowed, used));
    }

    private static bool Matches(string pattern, string folder) =>
        pattern.EndsWith("/*", StringComparison.Ordinal)
            ? folder.StartsWith(pattern[..^1], StringComparison.Ordinal)
                && folder.Length > pattern.Length - 1
            : folder == pattern;

    private static bool IsProject(SourceFile file) =>
        file.Path.EndsWith(".csproj", StringComparison.Ordinal);

    private static IEnumerable<XElement> References(SourceFile file) =>
        XDocument.Parse(file.Text, LoadOptions.SetLineInfo).Descendants("ProjectReference");

    /// <summary>Not the Braid of Some.Braid or some.Braid.</summary>
    private static bool IsFirst(IdentifierNameSyntax name) => name.Parent switch
    {
        QualifiedNameSyntax qualified => qualified.Left == name,
        MemberAccessExpressionSyntax access => access.Expression == name,
        _ => true,
    };

    private static string WholeName(SyntaxNode name)
    {
        while (name.Parent is QualifiedNameSyntax or AliasQualifiedNameSyntax
            or MemberAccessExpressionSyntax)
            name = name.Parent;
        return name.ToString().Replace("global::", "", StringComparison.Ordinal);
    }

    /// <summary>Braid.Block.X is in Engine/Block, Braid.Exports.Nbd.X in Exports/Nbd.</summary>
    private static string FolderOfName(string name)
    {
        string[] parts = name.Split('.');
        string first = parts.Length > 1 ? parts[1] : "";
        string second = parts.Length > 2 ? parts[2] : "";
        return first switch
        {
            "Block" or "Mapper" or "Multipath" => "Engine/" + first,
            "Transports" or "Exports" => $"{first}/{second}",
            _ => first,
        };
    }
}

/// <summary>A row of the table.</summary>
/// <param name="Folder">Below src/.</param>
/// <param name="MayUse">All it may use, also through what it uses.</param>
internal sealed record Floor(string Folder, params string[] MayUse);
