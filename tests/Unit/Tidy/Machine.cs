// SPDX-License-Identifier: Apache-2.0
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Braid.Tests.Unit.Tidy;

/// <summary>
/// Native calls, time, sleep and chance belong to src/Io: only then does the whole engine run under
/// a seed, in virtual time.
/// </summary>
internal static class Machine
{
    private const string Home = "src/Io";

    /// <summary>Uses outside src/Io, each with its reason. One that is gone fails, too.</summary>
    public static readonly MachineUse[] Exceptions =
    [
        new("src/Cli/Commands/RunCommand.cs", "TimeProvider.System",
            "bounds the wind-down of the process, when its loops are about to end"),
        new("src/Cli/Control/ControlClient.cs", "TimeProvider.System",
            "a command has no loop, and waits for a braid that may hang"),
        new("src/Cli/Demo/DemoCommand.cs", "Stopwatch", "a tour is watched as it goes"),
        new("src/Cli/Demo/DemoCommand.cs", "Task.Delay", "a tour is paced for who watches"),
        new("src/Cli/Demo/DemoStage.cs", "TimeProvider.System", "the wind-down, as in RunCommand"),
        new("src/Daemon/Maps/MapService.cs", "Task.Delay", "waits on the clock it is given"),
    ];

    /// <summary>Types that are nothing else.</summary>
    private static readonly HashSet<string> Types = new(StringComparer.Ordinal)
    {
        "DllImport", "LibraryImport", "DllImportAttribute", "LibraryImportAttribute",
        "NativeLibrary", "Stopwatch", "PeriodicTimer", "RandomNumberGenerator",
    };

    /// <summary>Members of types that are good for something else as well.</summary>
    private static readonly HashSet<string> Members = new(StringComparer.Ordinal)
    {
        "DateTime.Now", "DateTime.UtcNow", "DateTime.Today",
        "DateTimeOffset.Now", "DateTimeOffset.UtcNow",
        "Environment.TickCount", "Environment.TickCount64", "TimeProvider.System",
        "Thread.Sleep", "Thread.SpinWait", "Thread.Yield", "Task.Delay",
        "Random.Shared", "Guid.NewGuid", "Guid.CreateVersion7",
    };

    /// <summary>Types that may be named, but not made.</summary>
    private static readonly string[] Made = ["Random", "Timer"];

    public static IEnumerable<Breach> Check(SourceFile file) =>
        from use in Uses(file)
        where !Array.Exists(Exceptions, e => e.Path == file.Path && e.Name == use.Name)
        select file.At(use.Node, $"{use.Name} outside {Home}");

    public static IEnumerable<Breach> CheckExceptions(IReadOnlyList<SourceFile> files) =>
        from exception in Exceptions
        where !files.Any(file => file.Path == exception.Path
            && Uses(file).Any(use => use.Name == exception.Name))
        select new Breach(exception.Path, 1, $"{exception.Name} is gone: so is its exception");

    private static IEnumerable<(SyntaxNode Node, string Name)> Uses(SourceFile file)
    {
        if (!file.IsCSharp || !file.IsUnder("src") || file.IsUnder(Home)) yield break;
        foreach (SyntaxNode node in file.Nodes)
            if (NameOf(node) is { } name) yield return (node, name);
    }

    private static string? NameOf(SyntaxNode node) => node switch
    {
        MemberAccessExpressionSyntax access =>
            Known(Members, $"{Last(access.Expression)}.{access.Name}"),
        ObjectCreationExpressionSyntax made when Made.Contains(Last(made.Type)) =>
            "new " + Last(made.Type),
        IdentifierNameSyntax name => Known(Types, name.Identifier.Text),
        _ => null,
    };

    private static string? Known(HashSet<string> names, string name) =>
        names.Contains(name) ? name : null;

    /// <summary>DateTime, of System.DateTime.</summary>
    private static string Last(SyntaxNode name) => name switch
    {
        MemberAccessExpressionSyntax access => access.Name.Identifier.Text,
        QualifiedNameSyntax qualified => qualified.Right.Identifier.Text,
        SimpleNameSyntax simple => simple.Identifier.Text,
        _ => "",
    };
}

/// <summary>A use of the machine that is allowed where it is.</summary>
/// <param name="Path">The file.</param>
/// <param name="Name">What it uses, as a breach names it.</param>
/// <param name="Why">What keeps it from asking its loop.</param>
internal sealed record MachineUse(string Path, string Name, string Why);
