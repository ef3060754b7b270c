// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using System.Globalization;
using Braid.Daemon;
using Braid.Mapper;

namespace Braid.Cli;

/// <summary>The commands that show maps, as dmsetup prints them.</summary>
internal static class ShowCommands
{
    private const string Nothing = "No devices found";

    public static IEnumerable<Command> Create() =>
    [
        Tables(),
        Status(),
        Info(),
    ];

    private static AskCommand Tables()
    {
        Argument<string?> name = CreateOptionalName();
        Option<bool> inactive = CreateInactive();
        return new AskCommand(
            "table", "Show the tables of maps: the kernel's lines.",
            parsed => new ControlRequest
            {
                Command = "table",
                Name = parsed.GetValue(name),
                Inactive = parsed.GetValue(inactive),
            },
            (parsed, reply) =>
                PrintLines(reply.Tables ?? [], isOne: parsed.GetValue(name) is not null))
            { name, inactive };
    }

    private static AskCommand Status()
    {
        Argument<string?> name = CreateOptionalName();
        Option<bool> inactive = CreateInactive();
        var held = new Option<bool>("--held")
        {
            Description = "I/O that maps hold instead, and what it waits for: "
                + "MAP: ID OPERATION SECTOR SECTORS AGE REASON.",
        };
        return new AskCommand(
            "status", "Show the states of maps: the kernel's lines.",
            parsed => new ControlRequest
            {
                Command = parsed.GetValue(held) ? "held" : "status",
                Name = parsed.GetValue(name),
                Inactive = ReadInactive(parsed, inactive, held),
            },
            (parsed, reply) =>
            {
                if (reply.Held is { } maps) HeldCommands.Print(maps);
                else PrintLines(reply.Tables ?? [], isOne: parsed.GetValue(name) is not null);
            })
            { name, inactive, held };
    }

    private static bool ReadInactive(
        ParseResult parsed, Option<bool> inactive, Option<bool> held)
    {
        bool isInactive = parsed.GetValue(inactive);
        if (isInactive && parsed.GetValue(held))
            throw new UsageException(
                "--inactive is of no use with --held: the live table holds I/O");
        return isInactive;
    }

    private static AskCommand Info()
    {
        Argument<string?> name = CreateOptionalName();
        return new AskCommand(
            "info", "Show what maps are: state, tables, open count, events.",
            parsed => new ControlRequest { Command = "info", Name = parsed.GetValue(name) },
            (_, reply) => PrintInfo(reply.Maps ?? []))
            { name };
    }

    private static Option<bool> CreateInactive() => new("--inactive")
    {
        Description = "Of the table that the next resume makes live.",
    };

    private static Argument<string?> CreateOptionalName()
    {
        Argument<string?> name = NameArgument.Create<string?>("Name of the map. Default: all.");
        name.Arity = ArgumentArity.ZeroOrOne;
        return name;
    }

    /// <summary>With the name before each line, unless it was given.</summary>
    private static void PrintLines(IReadOnlyList<TableState> tables, bool isOne)
    {
        if (tables.Count == 0) Console.WriteLine(Nothing);
        foreach (TableState table in tables)
        {
            string before = isOne ? "" : table.Name + ": ";
            // dmsetup has an empty line for a table that is not there.
            if (table.Targets.Count == 0) Console.WriteLine(before);
            foreach (TableLine line in table.Targets) Console.WriteLine(before + line);
        }
    }

    private static void PrintInfo(IReadOnlyList<MapState> maps)
    {
        if (maps.Count == 0) Console.WriteLine(Nothing);
        foreach (MapState map in maps)
        {
            string state = map.Suspended ? "SUSPENDED" : "ACTIVE";
            string readOnly = map.ReadOnly ? " (READ-ONLY)" : "";
            string[] tables = [.. Present(map)];
            FormattableString text =
                $"""
                Name:              {map.Name}
                State:             {state}{readOnly}
                Tables present:    {(tables.Length == 0 ? "None" : string.Join(" & ", tables))}
                Open count:        {map.OpenCount}
                Event number:      {map.Event}
                Number of targets: {map.Targets}

                """;
            Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static IEnumerable<string> Present(MapState map)
    {
        if (map.Live) yield return "LIVE";
        if (map.Inactive) yield return "INACTIVE";
    }
}
