// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using System.Globalization;

namespace Braid.Tests.Interop.Support;

/// <summary>`braid run` as its users have it: its output, its log, its signals.</summary>
internal sealed class BraidProcess(Peer peer)
{
    /// <summary>What `run` promises between SIGTERM and its end.</summary>
    public static readonly TimeSpan StopTime = TimeSpan.FromSeconds(5);

    /// <summary>For qemu-img and qemu-io: no guessing at what is inside.</summary>
    public static readonly string[] RawImage = ["-f", "raw"];

    /// <summary>In the last line of a report: the numbers of the loops.</summary>
    private const string EndOfReport = ": ios=";

    private const string ExportLine = "export ";

    /// <summary>The program, built beside these tests.</summary>
    public static string Program { get; } = FindProgram();

    public Peer Process => peer;

    /// <summary>Its exports, as it announced them.</summary>
    public IReadOnlyList<string> Exports =>
    [
        .. peer.Output.Where(line => line.StartsWith(ExportLine, StringComparison.Ordinal))
            .Select(line => line[ExportLine.Length..]),
    ];

    /// <summary>Its first export.</summary>
    public string Uri => Exports[0];

    /// <summary>What it has logged so far, without the times.</summary>
    public IReadOnlyList<string> Log => peer.Errors;

    public bool IsStopped { get; private set; }

    public Task WaitForExportAsync() => Eventually.IsTrueAsync(
        () => peer.HasExited ? throw new InvalidOperationException($"{peer}") : Exports.Count > 0,
        () => $"{peer} prints its export");

    /// <summary>Waits for a line that contains the text, after so many others that did.</summary>
    public Task LogsAsync(string text, int times = 1) => Eventually.IsTrueAsync(
        () => Logged(text) >= times, () => $"{peer} logs '{text}' {times} times");

    /// <summary>Lines that contain the text.</summary>
    public int Logged(string text) =>
        Log.Count(line => line.Contains(text, StringComparison.Ordinal));

    /// <summary>Asks for a report with SIGUSR1 and returns it.</summary>
    public async Task<string> ReportAsync()
    {
        int before = peer.Output.Count;
        peer.AskForReport();
        await Eventually.IsTrueAsync(
            () => peer.Output.Skip(before).Any(IsEndOfReport), () => $"{peer} reports");
        return string.Join('\n', peer.Output.Skip(before));
    }

    /// <summary>I/Os that clients have begun since the start.</summary>
    public async Task<long> CountIosAsync()
    {
        const string Key = " ios=";
        string report = await ReportAsync();
        int start = report.IndexOf(Key, StringComparison.Ordinal) + Key.Length;
        string number = string.Concat(report[start..].TakeWhile(char.IsAsciiDigit));
        return long.Parse(number, CultureInfo.InvariantCulture);
    }

    /// <summary>Waits until clients have begun more I/Os than that.</summary>
    public Task HasMoreIosThanAsync(long before) => Eventually.IsTrueAsync(
        async () => await CountIosAsync() > before, () => $"{peer} has an I/O more");

    /// <summary>Waits until a path is shown so: "active ready", "failed faulty".</summary>
    public Task ShowsAsync(string path, string state) => Eventually.IsTrueAsync(
        async () => Row(await ReportAsync(), path).Contains(state, StringComparison.Ordinal),
        () => $"{peer} shows {path} {state}");

    /// <summary>The row of a path in a report.</summary>
    public static string Row(string report, string path) => report.Split('\n')
        .First(line => line.Contains($"- {path} ", StringComparison.Ordinal));

    /// <summary>Descriptors that it has open now.</summary>
    public int CountDescriptors() => Directory.GetFiles(
        FormattableString.Invariant($"/proc/{peer.Pid}/fd")).Length;

    /// <summary>SIGKILL: as if it had crashed.</summary>
    public Task KillAsync()
    {
        IsStopped = true;
        return peer.StopByAsync(peer.Kill);
    }

    /// <summary>SIGTERM; it must exit 0 within its time.</summary>
    public Task StopAsync() => StopAsync(peer.Terminate);

    public async Task StopAsync(Action signal)
    {
        IsStopped = true;
        peer.HasExited.ShouldBeFalse(peer.ToString());
        long stalledUs = MachineStalledUs();
        DateTime begin = DateTime.UtcNow;
        signal();
        await peer.WaitForExitAsync();
        // Until the process has ended: when the test hears of that is another matter.
        TimeSpan took = peer.ExitTime - begin;
        stalledUs = MachineStalledUs() - stalledUs;
        peer.ExitCode.ShouldBe(0, peer.ToString());
        took.ShouldBeLessThan(
            StopTime, $"{peer}\nmeanwhile somebody here waited {stalledUs} us for a disk");
    }

    /// <summary>
    /// How long any process has waited for a disk, by pressure stall information: whose code is not
    /// in memory is slow to end. 0 where the kernel does not tell.
    /// </summary>
    private static long MachineStalledUs()
    {
        const string Pressure = "/proc/pressure/io";
        if (!File.Exists(Pressure)) return 0;
        string some = File.ReadLines(Pressure).First();
        string total = some[(some.LastIndexOf('=') + 1)..];
        return long.Parse(total, CultureInfo.InvariantCulture);
    }

    /// <summary>It must have failed nothing and lost no path since it began.</summary>
    public void ShouldHaveFailedNoPath() => Logged("Failing path").ShouldBe(0, peer.ToString());

    private static bool IsEndOfReport(string line) =>
        line.Contains(EndOfReport, StringComparison.Ordinal);

    private static string FindProgram()
    {
        // artifacts/bin/Braid.Tests.Interop/CONFIGURATION/
        var mine = new DirectoryInfo(AppContext.BaseDirectory);
        string bin = mine.Parent!.Parent!.FullName;
        return Path.Combine(bin, "Braid.Cli", mine.Name, "braid.dll");
    }
}
