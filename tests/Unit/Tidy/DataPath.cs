// SPDX-License-Identifier: Apache-2.0
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Braid.Tests.Unit.Tidy;

/// <summary>
/// The files that a request passes through. They hold nothing that waits, locks or allocates behind
/// one's back: no async, lock, Task, LINQ, iterator or closure.
/// </summary>
internal static class DataPath
{
    /// <summary>A star is all files of the folder. Every entry matches a file.</summary>
    public static readonly string[] Entries =
    [
        "src/Io/Files/FileJob.cs",
        "src/Io/Loop/EpollLoop.cs",
        "src/Io/Loop/EpollPoll.cs",
        "src/Io/Loop/ThreadLoop.cs",
        "src/Io/Loop/MessageQueue.cs",
        "src/Io/Loop/TimerHeap.cs",
        "src/Io/Loop/TurnTask.cs",
        "src/Io/Memory/BufferPool.cs",
        "src/Io/Streams/EpollStream.cs",
        "src/Io/Streams/ReceiveBuffer.cs",
        "src/Io/Streams/SendQueue.cs",
        "src/Io/Streams/StreamSocket.cs",
        "src/Io/Uring/*",
        "src/Engine/Block/Queue/*",
        "src/Engine/Block/Schedulers/*",
        "src/Engine/Mapper/BioMapper.cs",
        "src/Engine/Mapper/RequestMapper.cs",
        "src/Engine/Mapper/Hedging/*",
        "src/Engine/Multipath/MultipathTarget.Bios.cs",
        "src/Engine/Multipath/MultipathTarget.Choose.cs",
        "src/Engine/Multipath/MultipathTarget.Hedges.cs",
        "src/Engine/Multipath/MultipathTarget.Requests.cs",
        "src/Engine/Multipath/Selectors/QueueLength.cs",
        "src/Engine/Multipath/Selectors/RoundRobin.cs",
        "src/Engine/Multipath/Selectors/ServiceTime.cs",
        "src/Transports/File/FileDevice.cs",
        "src/Transports/Memory/MemoryDevice.cs",
        "src/Transports/Nbd/Coverage.cs",
        "src/Transports/Nbd/InFlightList.cs",
        "src/Transports/Nbd/NbdClientConnection.cs",
        "src/Transports/Nbd/NbdClientConnection.Receive.cs",
        "src/Transports/Nbd/NbdReply.cs",
        "src/Exports/Nbd/NbdServerCommand.cs",
        "src/Exports/Nbd/NbdCommandSlots.cs",
        "src/Exports/Nbd/NbdReplyQueue.cs",
        "src/Exports/Nbd/NbdServerConnection.cs",
        "src/Exports/Nbd/NbdServerConnection.Receive.cs",
        "src/Exports/Nbd/NbdServerConnection.Reply.cs",
    ];

    private static readonly HashSet<string> WaitingTypes = new(StringComparer.Ordinal)
    {
        "Task", "ValueTask", "Lock", "Monitor", "Mutex", "SemaphoreSlim", "ReaderWriterLockSlim",
        "ManualResetEventSlim", "BlockingCollection",
    };

    public static bool Covers(string entry, SourceFile file) =>
        entry.EndsWith("/*", StringComparison.Ordinal)
            ? file.IsCSharp && file.IsUnder(entry[..^2])
            : file.Path == entry;

    public static IEnumerable<Breach> CheckEntries(IReadOnlyList<SourceFile> files) =>
        from entry in Entries
        where !files.Any(file => Covers(entry, file))
        select new Breach(entry, 1, "is in the list of Tidy/DataPath.cs, and matches no file");

    public static IEnumerable<Breach> CheckSyntax(SourceFile file) =>
        from node in file.Nodes
        let found = Forbidden(node)
        where found is not null
        select file.At(node, found + " on the data path");

    /// <summary>LINQ's methods look like any other; the compiler knows whose they are.</summary>
    public static IEnumerable<Breach> CheckLinq(SourceFile file, CSharpCompilation compilation)
    {
        SemanticModel model = compilation.GetSemanticModel(file.Tree);
        foreach (SyntaxNode call in file.Nodes.Where(n => n is InvocationExpressionSyntax))
        {
            SymbolInfo info = model.GetSymbolInfo(call);
            ISymbol? method = info.Symbol ?? info.CandidateSymbols.FirstOrDefault();
            if (method?.ContainingNamespace.ToDisplayString() == "System.Linq")
                yield return file.At(call, $"LINQ's {method.Name} on the data path");
        }
    }

    /// <summary>All given files as one program, so that internals are seen across floors.</summary>
    public static CSharpCompilation Compile(IEnumerable<SourceFile> files)
    {
        var paths = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        var references =
            from path in paths.Split(Path.PathSeparator)
            where Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal)
            select MetadataReference.CreateFromFile(path);
        var usings = new SourceFile("Usings.cs", """
            global using System;
            global using System.Collections.Generic;
            global using System.IO;
            global using System.Linq;
            global using System.Threading;
            """);
        var options = new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true);
        return CSharpCompilation.Create(
            "Tidy", files.Append(usings).Select(file => file.Tree), references, options);
    }

    private static string? Forbidden(SyntaxNode node) => node switch
    {
        AwaitExpressionSyntax => "await",
        LockStatementSyntax => "lock",
        YieldStatementSyntax => "an iterator",
        QueryExpressionSyntax => "a LINQ query",
        AnonymousFunctionExpressionSyntax lambda when IsClosure(lambda) => "a lambda, not static,",
        SimpleNameSyntax name when WaitingTypes.Contains(name.Identifier.Text) && IsType(name) =>
            name.Identifier.Text,
        MemberDeclarationSyntax member when IsAsync(member.Modifiers) => "async",
        LocalFunctionStatementSyntax local when IsAsync(local.Modifiers) => "async",
        _ => null,
    };

    /// <summary>
    /// The compiler keeps a static lambda from capturing. What is made when an object is made or
    /// disposed of is made once.
    /// </summary>
    private static bool IsClosure(AnonymousFunctionExpressionSyntax lambda)
    {
        if (IsAsync(lambda.Modifiers)) return true;
        if (lambda.Modifiers.Any(SyntaxKind.StaticKeyword)) return false;
        return lambda.FirstAncestorOrSelf<MemberDeclarationSyntax>() is not (
            ConstructorDeclarationSyntax or BaseFieldDeclarationSyntax
            or MethodDeclarationSyntax { Identifier.Text: "Dispose" });
    }

    private static bool IsAsync(SyntaxTokenList modifiers) =>
        modifiers.Any(SyntaxKind.AsyncKeyword);

    /// <summary>Not the Task of this.Task or of a named argument.</summary>
    private static bool IsType(SimpleNameSyntax name) => name.Parent switch
    {
        MemberAccessExpressionSyntax access => access.Expression == name,
        NameColonSyntax or NameEqualsSyntax => false,
        _ => true,
    };
}
