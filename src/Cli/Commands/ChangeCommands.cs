// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Braid.Daemon;

namespace Braid.Cli;

/// <summary>The commands that change maps, with dmsetup's words.</summary>
internal static class ChangeCommands
{
    public static IEnumerable<Command> Create() =>
        [CreateMap(), Reload(), Suspend(), Resume(), Remove(), Rename()];

    /// <summary>The argument that nearly all commands have.</summary>
    public static Argument<string> CreateName() => NameArgument.Create<string>("Name of the map.");

    private static AskCommand CreateMap()
    {
        Argument<string> name = CreateName();
        Option<string[]> table = TableText.CreateOption();
        var export = new Option<string[]>("--export")
        {
            Description = "Where clients find it, as for run. May be given several times.",
            HelpName = "URI",
        };
        return new AskCommand(
            "create", "Make a map from a table.",
            parsed => new ControlRequest
            {
                Command = "create",
                Name = parsed.GetRequiredValue(name),
                Table = TableText.Read(parsed.GetValue(table)),
                Exports = parsed.GetValue(export) is { Length: > 0 } uris ? uris : null,
            })
            { name, table, export };
    }

    private static AskCommand Reload()
    {
        Argument<string> name = CreateName();
        Option<string[]> table = TableText.CreateOption();
        return new AskCommand(
            "reload", "Load a table into the inactive slot; resume makes it live.",
            parsed => new ControlRequest
            {
                Command = "reload",
                Name = parsed.GetRequiredValue(name),
                Table = TableText.Read(parsed.GetValue(table)),
            })
            { name, table };
    }

    private static AskCommand Suspend()
    {
        Argument<string> name = CreateName();
        Option<bool> noFlush = CreateNoFlush();
        var noLockFs = new Option<bool>("--nolockfs")
        {
            Description = "As dmsetup has it; there is no file system here that could be locked.",
        };
        return new AskCommand(
            "suspend", "Stop I/O, and wait for what is under way.",
            parsed => new ControlRequest
            {
                Command = "suspend",
                Name = parsed.GetRequiredValue(name),
                Noflush = parsed.GetValue(noFlush),
                Nolockfs = parsed.GetValue(noLockFs),
            })
            { name, noFlush, noLockFs };
    }

    private static AskCommand Resume()
    {
        Argument<string> name = CreateName();
        Option<bool> noFlush = CreateNoFlush();
        return new AskCommand(
            "resume", "Let I/O go on, with the inactive table if there is one.",
            parsed => new ControlRequest
            {
                Command = "resume",
                Name = parsed.GetRequiredValue(name),
                Noflush = parsed.GetValue(noFlush),
            })
            { name, noFlush };
    }

    private static AskCommand Remove()
    {
        Argument<string> name = CreateName();
        return new AskCommand(
            "remove", "Remove a map that nobody uses, and its exports.",
            parsed => new ControlRequest
            {
                Command = "remove",
                Name = parsed.GetRequiredValue(name),
            })
            { name };
    }

    private static AskCommand Rename()
    {
        Argument<string> name = CreateName();
        Argument<string> newName = NameArgument.Create<string>("Its new name.", "NEW");
        return new AskCommand(
            "rename", "Give a map another name; its exports keep theirs.",
            parsed => new ControlRequest
            {
                Command = "rename",
                Name = parsed.GetRequiredValue(name),
                NewName = parsed.GetRequiredValue(newName),
            })
            { name, newName };
    }

    private static Option<bool> CreateNoFlush() => new("--noflush")
    {
        Description = "Nothing fails: I/O that has no path is kept for the next table.",
    };
}
