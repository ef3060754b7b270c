// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Braid.Bench.Macro;

/// <summary>The report with every single run, for other computations.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    public static string Write(BenchReport report) => JsonSerializer.Serialize(
        new
        {
            Environment = report.Environment.ToDictionary(
                entry => entry.Key, entry => entry.Value, StringComparer.Ordinal),
            report.Plan.Rounds,
            RunSeconds = report.Plan.Run.TotalSeconds,
            report.Plan.Size,
            report.Plan.Store,
            Contenders = report.Plan.Contenders.Select(contender => new
            {
                contender.Name,
                contender.Kind,
                Command = contender.Command?.ToString(),
            }),
            Cells = report.Results.Zip(report.Summaries, ToNode),
        },
        Options) + "\n";

    private static object ToNode(CellResult result, CellSummary summary) => new
    {
        Cell = result.Cell.Name,
        Contender = result.Contender.Name,
        Summary = summary with { Cell = null!, Contender = null! },
        Samples = result.Samples.Select(sample => new
        {
            sample.Round,
            sample.Fio,
            sample.CpuSeconds,
            sample.ServerCpuSeconds,
            sample.Counters,
        }),
    };
}
