// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text.Json;

namespace Braid.Bench.Macro;

/// <summary>What fio measured in one run, over all its clients.</summary>
internal sealed record FioReport
{
    /// <summary>A run shorter than this share of what was asked is no measurement.</summary>
    private const double MinRuntimeShare = 0.9;

    /// <summary>fio's errno of the first failure, or 0.</summary>
    public required int Error { get; init; }
    public required long Ios { get; init; }
    public required long Bytes { get; init; }
    public required double Iops { get; init; }
    public required long RuntimeMs { get; init; }

    /// <summary>I/Os that moved fewer bytes than asked, or were dropped.</summary>
    public required long ShortIos { get; init; }
    public required double P50Us { get; init; }
    public required double P99Us { get; init; }
    public required double P999Us { get; init; }

    /// <summary>Reads fio's JSON; its library's remarks may stand before it.</summary>
    public static FioReport Parse(string text)
    {
        int start = text.StartsWith('{') ? 0 : text.IndexOf("\n{", StringComparison.Ordinal);
        if (start < 0) throw new FormatException("fio's report holds no JSON");
        try
        {
            using JsonDocument document = JsonDocument.Parse(text[start..]);
            JsonElement jobs = document.RootElement.GetProperty("jobs");
            if (jobs.GetArrayLength() != 1)
                throw new FormatException($"fio reports {jobs.GetArrayLength()} groups, not 1");
            return FromJob(jobs[0]);
        }
        catch (Exception exception) when (
            exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException($"fio's report is odd: {exception.Message}", exception);
        }
    }

    /// <summary>Why the run does not count, or null when it does.</summary>
    public string? Fault(TimeSpan asked)
    {
        if (Error != 0) return $"fio reports error {Error}";
        if (ShortIos != 0) return $"{ShortIos} short or dropped I/Os";
        if (Ios == 0) return "no I/O completed";
        double least = asked.TotalMilliseconds * MinRuntimeShare;
        return RuntimeMs < least
            ? string.Create(CultureInfo.InvariantCulture,
                $"a short run: {RuntimeMs} ms of {asked.TotalMilliseconds:0}")
            : null;
    }

    private static FioReport FromJob(JsonElement job)
    {
        JsonElement mixed = job.GetProperty("mixed");
        JsonElement latency = mixed.GetProperty("lat_ns");
        return new FioReport
        {
            Error = job.GetProperty("error").GetInt32(),
            Ios = mixed.GetProperty("total_ios").GetInt64(),
            Bytes = mixed.GetProperty("io_bytes").GetInt64(),
            Iops = mixed.GetProperty("iops").GetDouble(),
            RuntimeMs = mixed.GetProperty("runtime").GetInt64(),
            ShortIos = mixed.GetProperty("short_ios").GetInt64()
                + mixed.GetProperty("drop_ios").GetInt64(),
            P50Us = PercentileUs(latency, "50.000000"),
            P99Us = PercentileUs(latency, "99.000000"),
            P999Us = PercentileUs(latency, "99.900000"),
        };
    }

    /// <summary>fio leaves the percentiles out when nothing completed.</summary>
    private static double PercentileUs(JsonElement latency, string name) =>
        latency.TryGetProperty("percentile", out JsonElement all)
            && all.TryGetProperty(name, out JsonElement value)
            ? value.GetDouble() / 1000
            : 0;
}
