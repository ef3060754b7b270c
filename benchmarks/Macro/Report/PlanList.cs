// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>What a plan would do.</summary>
internal static class PlanList
{
    public static string Summary(NbdPlan plan) =>
        $"{plan.Cells.Count} cells, {plan.Contenders.Count} contenders, a warm-up and "
        + $"{plan.Rounds} rounds of {plan.Run.TotalSeconds:0.##} s on {SizeText.Write(plan.Size)} "
        + $"({StoreName(plan.Store)}): about {Duration(plan)}";

    public static void Write(NbdPlan plan, TextWriter writer)
    {
        writer.WriteLine("cells");
        foreach (Cell cell in plan.Cells) writer.WriteLine($"  {cell.Name,-28} {Describe(cell)}");
        writer.WriteLine("contenders");
        foreach (Contender contender in plan.Contenders)
        {
            string command = contender.Command?.ToString()
                ?? (contender.FioEngine is null ? "the server itself" : "the file itself");
            writer.WriteLine($"  {contender.Name,-12} {command}");
        }
        writer.WriteLine(Summary(plan));
    }

    private static string StoreName(Store store) => store switch
    {
        Store.Memory => "nbdkit memory",
        Store.File => "nbdkit file",
        _ => "a file",
    };

    private static string Describe(Cell cell) =>
        $"{SizeText.Write(cell.Workload.BlockSize)} {cell.Workload.Rw}"
        + (cell.Workload.ReadPercent is int percent ? $" {percent} % reads" : "")
        + $", depth {cell.Depth}, {Count(cell.Connections, "connection")}, "
        + $"{Count(cell.Paths, "path")}, "
        + (cell.Transport == Transport.Unix ? "unix sockets" : "TCP")
        + (cell.IsDirect ? ", O_DIRECT" : "");

    private static string Count(int number, string what) =>
        $"{number} {what}{(number == 1 ? "" : "s")}";

    private static string Duration(NbdPlan plan) => plan.Estimate switch
    {
        { TotalSeconds: < 100 } time => $"{time.TotalSeconds:0} s",
        { TotalMinutes: < 100 } time => $"{time.TotalMinutes:0} min",
        TimeSpan time => $"{time.TotalHours:0.#} h",
    };
}
