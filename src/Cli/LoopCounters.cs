// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Braid.Io;

namespace Braid.Cli;

/// <summary>What a loop has done since it began, for people and for programs.</summary>
internal sealed record LoopCounters(
    long Ios, long Turns, long SystemCalls, long Spins, long AllocatedBytes, long MemoryBytes,
    long MostMemoryBytes)
{
    /// <param name="loop">Its own counts.</param>
    /// <param name="memory">The I/O memory of its clients, now and at the most.</param>
    public static LoopCounters Of(LoopStatistics loop, BufferPool memory) => new(
        loop.IosStarted, loop.Turns, loop.SystemCalls, loop.Spins,
        GC.GetTotalAllocatedBytes(), memory.InUse, memory.MostInUse);

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
        $"loop 0: ios={Ios} turns={Turns} syscalls={SystemCalls} allocated={AllocatedBytes} ")
        + string.Create(
            CultureInfo.InvariantCulture,
            $"memory={MemoryBytes} most-memory={MostMemoryBytes}");
}

/// <summary>Serialises without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(LoopCounters))]
internal sealed partial class LoopCountersJson : JsonSerializerContext;
