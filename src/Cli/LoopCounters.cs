// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Braid.Io;

namespace Braid.Cli;

/// <summary>
/// What the loops have done since they began, in sum, for people and for programs.
/// </summary>
internal sealed record LoopCounters(
    long Ios, long Turns, long SystemCalls, long Spins, long AllocatedBytes, long MemoryBytes,
    long MostMemoryBytes, int Loops)
{
    /// <param name="loops">Their own counts.</param>
    /// <param name="memory">The I/O memory of their clients, now and at the most.</param>
    public static LoopCounters Of(
        IReadOnlyList<LoopStatistics> loops, IReadOnlyList<BufferPool> memory) => new(
        loops.Sum(loop => loop.IosStarted), loops.Sum(loop => loop.Turns),
        loops.Sum(loop => loop.SystemCalls), loops.Sum(loop => loop.Spins),
        GC.GetTotalAllocatedBytes(), memory.Sum(pool => pool.InUse),
        memory.Sum(pool => pool.MostInUse), loops.Count);

    private string Who => Loops == 1
        ? "loop 0"
        : string.Create(CultureInfo.InvariantCulture, $"{Loops} loops");

    /// <summary>
    /// As one JSON object; whoever reads sees the old file or the new one, whole.
    /// </summary>
    public void WriteTo(string file)
    {
        string beside = file + ".new";
        string json = JsonSerializer.Serialize(this, LoopCountersJson.Default.LoopCounters);
        File.WriteAllText(beside, json + "\n");
        File.Move(beside, file, overwrite: true);
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Who}: ios={Ios} turns={Turns} syscalls={SystemCalls} allocated={AllocatedBytes} ")
        + string.Create(
            CultureInfo.InvariantCulture,
            $"memory={MemoryBytes} most-memory={MostMemoryBytes}");
}

/// <summary>Serialises without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(LoopCounters))]
internal sealed partial class LoopCountersJson : JsonSerializerContext;
