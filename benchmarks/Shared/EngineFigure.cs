// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Braid.Bench;

/// <summary>A figure of `./bench engine`, as it goes from one program to another.</summary>
internal sealed record EngineFigure
{
    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    public required string Selector { get; init; }

    public required int Paths { get; init; }

    /// <summary>Median nanoseconds for a bio.</summary>
    public required double Ns { get; init; }

    /// <summary>Allocated for a bio.</summary>
    public required double Bytes { get; init; }

    public static string Write(IEnumerable<EngineFigure> figures) =>
        JsonSerializer.Serialize(figures, Options) + "\n";

    /// <exception cref="BenchException">It is no such text.</exception>
    public static IReadOnlyList<EngineFigure> Read(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<EngineFigure[]>(text, Options)!;
        }
        catch (JsonException error)
        {
            throw new BenchException($"the engine's figures make no sense: {error.Message}");
        }
    }
}
