// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Braid.Bench.Macro;

/// <summary>What a process has counted since it started; null what it does not count.</summary>
internal sealed record StatsCounters
{
    [JsonPropertyName("system_calls")]
    public long? SystemCalls { get; init; }

    [JsonPropertyName("allocated_bytes")]
    public long? AllocatedBytes { get; init; }
}

/// <summary>
/// Asks a process for its own counters. A contender whose command holds `{stats}` promises: on
/// SIGUSR1 it writes one JSON object (<see cref="StatsCounters"/>) to that file, in one step
/// (write beside it, then rename).
/// </summary>
internal static class StatsFile
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    public static async Task<StatsCounters> ReadAsync(
        ChildProcess process, string path, CancellationToken cancel)
    {
        File.Delete(path);
        process.Signal(Libc.SigUsr1);
        var clock = Stopwatch.StartNew();
        while (!File.Exists(path))
        {
            if (process.HasExited || clock.Elapsed > Patience)
                throw new BenchException(
                    $"it wrote no {{stats}} file after SIGUSR1: {process.LastWords}");
            await Task.Delay(Pause, cancel);
        }
        try
        {
            return JsonSerializer.Deserialize<StatsCounters>(
                await File.ReadAllTextAsync(path, cancel))!;
        }
        catch (JsonException exception)
        {
            throw new BenchException($"its {{stats}} file makes no sense: {exception.Message}");
        }
    }
}
