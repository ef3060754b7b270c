// SPDX-License-Identifier: Apache-2.0
using System.IO.Enumeration;

namespace Braid.Bench.Macro;

/// <summary>The named collections of cells.</summary>
internal static class CellSets
{
    /// <summary>The cell in which costs of an I/O are judged.</summary>
    public static Cell Busy { get; } = new(Workload.RandomRead, 32);

    private static readonly int[] Depths = [1, 8, 32, 128];
    private static readonly int[] ProductDepths = [1, 8, 16, 32, 128];
    private static readonly int[] Connections = [1, 4];
    private static readonly int[] Paths = [2, 1, 4];

    /// <summary>For daily use: a lone wake-up, batching, merging, payload, clients.</summary>
    public static readonly IReadOnlyList<Cell> Quick =
    [
        new(Workload.RandomRead, 1),
        new(Workload.RandomRead, 32),
        new(Workload.RandomWrite, 32) { Connections = 4 },
        new(Workload.SequentialWrite, 32),
        new(Workload.LargeRead, 8),
    ];

    /// <summary>Every workload once, and every other axis once on random reads.</summary>
    public static readonly IReadOnlyList<Cell> Standard =
    [
        new(Workload.RandomRead, 1),
        new(Workload.RandomRead, 32),
        new(Workload.RandomRead, 128),
        new(Workload.RandomWrite, 32),
        new(Workload.RandomMixed, 32),
        new(Workload.SequentialRead, 32),
        new(Workload.SequentialWrite, 32),
        new(Workload.LargeRead, 8),
        new(Workload.LargeWrite, 8),
        new(Workload.RandomRead, 32) { Connections = 4 },
        new(Workload.RandomRead, 32) { Paths = 1 },
        new(Workload.RandomRead, 32) { Paths = 4 },
        new(Workload.RandomRead, 32) { Transport = Transport.Tcp },
    ];

    /// <summary>
    /// The cells that docs/PERFORMANCE.md has goals for, of Braid as it is by default.
    /// </summary>
    public static readonly IReadOnlyList<Cell> Goals =
    [
        new(Workload.RandomRead, 1),
        new(Workload.RandomRead, 32),
        new(Workload.RandomWrite, 32),
        new(Workload.SequentialRead, 32),
        new(Workload.SequentialWrite, 32),
        new(Workload.LargeRead, 16),
        new(Workload.LargeWrite, 16),
    ];

    /// <summary>What more loops are for: `./bench goals` runs them with two.</summary>
    public static readonly IReadOnlyList<Cell> Loops =
        [new(Workload.RandomRead, 32) { Connections = 4 }];

    /// <summary>
    /// Several clients, and one that must not pay for what they have: see --variant.
    /// </summary>
    public static readonly IReadOnlyList<Cell> Clients =
    [
        new(Workload.RandomRead, 32),
        new(Workload.RandomRead, 32) { Connections = 4 },
        new(Workload.RandomWrite, 32) { Connections = 4 },
        new(Workload.SequentialRead, 32) { Connections = 4 },
        new(Workload.LargeRead, 16) { Connections = 4 },
    ];

    /// <summary>Of one file, by one path: through the page cache, then past it.</summary>
    public static readonly IReadOnlyList<Cell> File = MakeFile();

    /// <summary>All depths of all workloads, then each other axis swept on its own.</summary>
    public static readonly IReadOnlyList<Cell> Full = MakeFull();

    /// <summary>Every combination of every axis.</summary>
    public static readonly IReadOnlyList<Cell> Product = MakeProduct();

    public static readonly IReadOnlyDictionary<string, IReadOnlyList<Cell>> ByName =
        new Dictionary<string, IReadOnlyList<Cell>>(StringComparer.Ordinal)
        {
            ["quick"] = Quick,
            ["default"] = Standard,
            ["goals"] = Goals,
            ["loops"] = Clients,
            ["full"] = Full,
            ["product"] = Product,
        };

    /// <summary>Cells of the product that match any of the patterns (`*` and `?`).</summary>
    public static IReadOnlyList<Cell> Select(IReadOnlyList<string> patterns) =>
        Select(Product, patterns, "see --list --set product");

    /// <summary>The same of any cells.</summary>
    /// <param name="all">Those to choose from.</param>
    /// <param name="patterns">Each has to match one.</param>
    /// <param name="remedy">What a person can do when one does not.</param>
    public static IReadOnlyList<Cell> Select(
        IReadOnlyList<Cell> all, IReadOnlyList<string> patterns, string remedy)
    {
        foreach (string pattern in patterns)
        {
            if (!all.Any(cell => Matches(pattern, cell)))
                throw new BenchException($"no cell matches '{pattern}': {remedy}");
        }
        return [.. all.Where(cell => patterns.Any(pattern => Matches(pattern, cell)))];
    }

    private static bool Matches(string pattern, Cell cell) =>
        FileSystemName.MatchesSimpleExpression(pattern, cell.Name, ignoreCase: false);

    private static Cell[] MakeFile()
    {
        Cell[] cells =
        [
            new(Workload.RandomRead, 1), new(Workload.RandomRead, 32),
            new(Workload.RandomWrite, 1), new(Workload.RandomWrite, 32),
            new(Workload.LargeRead, 8), new(Workload.LargeWrite, 8),
        ];
        return
        [
            .. from isDirect in (bool[])[false, true]
               from cell in cells
               select cell with { Paths = 1, IsOfFile = true, IsDirect = isDirect },
        ];
    }

    private static List<Cell> MakeFull()
    {
        var cells = new List<Cell>();
        foreach (Workload workload in Workload.All)
        {
            cells.AddRange(Depths.Select(depth => new Cell(workload, depth)));
            var middle = new Cell(workload, 32);
            cells.Add(middle with { Connections = 4 });
            cells.Add(middle with { Paths = 1 });
            cells.Add(middle with { Paths = 4 });
            cells.Add(middle with { Transport = Transport.Tcp });
        }
        return cells;
    }

    private static List<Cell> MakeProduct() =>
    [
        .. from transport in Enum.GetValues<Transport>()
           from paths in Paths
           from connections in Connections
           from workload in Workload.All
           from depth in ProductDepths
           select new Cell(workload, depth)
           {
               Connections = connections,
               Paths = paths,
               Transport = transport,
           },
    ];
}
