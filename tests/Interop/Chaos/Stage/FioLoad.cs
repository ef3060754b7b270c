// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text.Json;
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop.Chaos;

/// <summary>
/// fio beside the checker, with its own idea of verifying: one pass after the other, each of which
/// writes every block of a region once, in random order, and reads all of it again.
/// </summary>
internal sealed class FioLoad(Scratch scratch, string uri, long offset, Findings findings)
{
    /// <summary>Of one of the two regions that passes take in turn.</summary>
    public const long RegionBytes = 12 << 20;

    private const int BlockBytes = 8192;
    private const int WritesPerSecond = 250;

    public int Passes { get; private set; }

    public long Ios { get; private set; }

    public long BytesVerified { get; private set; }

    /// <summary>Ends with the pass during which it was stopped.</summary>
    public async Task RunAsync(int seed, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested && await PassAsync(HashCode.Combine(seed, Passes)))
            Passes++;
    }

    private async Task<bool> PassAsync(int seed)
    {
        string report = scratch.FilePath("fio.json");
        Peer fio = await scratch.StartAsync("fio", ["fio", .. Arguments(seed, report)]);
        await ExitAsync(fio);
        bool isGood = fio.ExitCode == 0;
        if (isGood) Count(await File.ReadAllTextAsync(report));
        else findings.Error($"fio: status {fio.ExitCode}: {string.Join("; ", fio.Errors.Take(4))}");
        await scratch.EndAsync(fio);
        return isGood;
    }

    /// <summary>Without a deadline: all paths may be down for long.</summary>
    private static async Task ExitAsync(Peer fio)
    {
        while (!fio.HasExited) await Task.Delay(50);
    }

    private string[] Arguments(int seed, string report) => Fio.Arguments(uri, RegionBytes,
        "--output-format=json", $"--output={report}", "--eta=never",
        Word("--offset", offset + (Passes % 2 * RegionBytes)),
        Word("--randseed", seed & int.MaxValue), Word("--bs", BlockBytes), "--rw=randwrite",
        "--iodepth=16", Word("--rate_iops", $",{WritesPerSecond}"), "--verify_backlog=256",
        "--verify_state_save=0", "--clocksource=clock_gettime");

    private static string Word(string name, IFormattable value) =>
        $"{name}={value.ToString(null, CultureInfo.InvariantCulture)}";

    private static string Word(string name, FormattableString value) =>
        $"{name}={FormattableString.Invariant(value)}";

    private void Count(string json)
    {
        // The engine's library greets in front of it.
        using JsonDocument document = JsonDocument.Parse(json[json.IndexOf('{')..]);
        JsonElement job = document.RootElement.GetProperty("jobs")[0];
        JsonElement read = job.GetProperty("read");
        JsonElement write = job.GetProperty("write");
        Ios += read.GetProperty("total_ios").GetInt64() + write.GetProperty("total_ios").GetInt64();
        BytesVerified += read.GetProperty("io_bytes").GetInt64();
    }
}
