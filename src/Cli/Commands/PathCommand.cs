// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Braid.Daemon;

namespace Braid.Cli;

/// <summary>`braid path`: paths come and go while maps serve I/O.</summary>
internal static class PathCommand
{
    public static Command Create() =>
        new("path", "Declare, remove and show paths.") { Add(), Remove(), List() };

    private static AskCommand Add()
    {
        Argument<string> name = CreateName();
        var uri = new Argument<string>("URI")
        {
            Description = "Where it leads, as for run --path.",
        };
        return new AskCommand(
            "add", "Declare a path, so that tables may use it.",
            parsed => new ControlRequest
            {
                Command = "path_add",
                Name = parsed.GetRequiredValue(name),
                Uri = parsed.GetRequiredValue(uri),
            })
            { name, uri };
    }

    private static AskCommand Remove()
    {
        Argument<string> name = CreateName();
        return new AskCommand(
            "remove", "Remove a path that no table uses.",
            parsed => new ControlRequest
            {
                Command = "path_remove",
                Name = parsed.GetRequiredValue(name),
            })
            { name };
    }

    private static AskCommand List() => new(
        "list", "Show the declared paths.",
        _ => new ControlRequest { Command = "path_list" },
        (_, reply) => Print(reply.Paths ?? []));

    private static Argument<string> CreateName() =>
        NameArgument.Create<string>("Name of the path.");

    private static void Print(IReadOnlyList<PathReport> paths)
    {
        string[][] rows =
        [
            ["NAME", "STATE", "SIZE", "MAPS", "URI"],
            .. paths.Select(path => new[]
            {
                path.Name, path.State,
                path.SizeBytes > 0 ? Sizes.Format(path.SizeBytes) : "-",
                path.Maps.Count > 0 ? string.Join(',', path.Maps) : "-",
                path.Problem is null ? path.Uri : $"{path.Uri} ({path.Problem})",
            }),
        ];
        int[] widths = [.. Enumerable.Range(0, 4).Select(i => rows.Max(row => row[i].Length))];
        foreach (string[] row in rows)
        {
            IEnumerable<string> cells = widths.Select((width, i) => row[i].PadRight(width));
            Console.WriteLine($"{string.Join(' ', cells)} {row[^1]}");
        }
    }
}
