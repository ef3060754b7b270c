// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;

namespace Braid.Tests.Interop.Chaos;

/// <summary>What a run ends with.</summary>
internal sealed record ChaosReport
{
    public required ChaosOptions Options { get; init; }

    public required TimeSpan Took { get; init; }

    public required string Servers { get; init; }

    public required string WithoutNetworks { get; init; }

    public required Director Director { get; init; }

    public required Checker Checker { get; init; }

    public required FioLoad Fio { get; init; }

    public required Findings Findings { get; init; }

    public required Stalls Stalls { get; init; }

    /// <summary>The longest time in which the machine let nobody run.</summary>
    public required TimeSpan MachinePause { get; init; }

    public required bool WasInterrupted { get; init; }

    /// <summary>I/Os that took longer than they may while another path worked.</summary>
    public IReadOnlyList<TimedIo> Broken =>
    [
        .. Stalls.Free.Where(io => io.Time > Options.Bound),
        .. Stalls.Held.Where(io => io.Time > HeldBound(io)),
        .. Stalls.InOutage.Where(io => Stalls.AfterOutage(io) > HeldBound(io)),
    ];

    private TimeSpan HeldBound(TimedIo io) => Options.HeldBound(Director.Beginnings.Count(
        began => began > io.Began - (2 * Options.IoTimeout) && began < io.Ended));

    public bool IsGood =>
        Broken.Count == 0 && Findings is { Errors.Count: 0, Stale: 0, Corrupt: 0 };

    public string Text()
    {
        var text = new StringBuilder();
        void Row(string name, FormattableString value, FormattableString? more = null) =>
            text.Append($"{name,-12}").Append(FormattableString.Invariant(value))
                .AppendLine(more is null ? "" : FormattableString.Invariant(more));
        double minutes = Took.TotalMinutes;
        int faults = Director.Count;
        Row("servers", $"{Servers}, over one file");
        if (WithoutNetworks.Length > 0)
            Row("", $"on the loopback, so no link was cut or reset: {WithoutNetworks}");
        Row("faults", $"{faults} in {Took.TotalSeconds:0} s, {faults / minutes:0.0} a minute");
        Row("", $"{Kinds()}");
        Row("I/Os", $"checker {Checker.Log.Count}, fio {Fio.Ios} in {Fio.Passes} passes");
        Row("verified", $"{Size(Checker.BytesVerified)} by the checker, ",
            $"{Size(Fio.BytesVerified)} by fio");
        Row("mismatches", $"{Findings.Stale + Findings.Corrupt}",
            $" ({Findings.Stale} stale, {Findings.Corrupt} corrupt)");
        Row("errors", $"{Findings.Errors.Count}");
        foreach (string error in Findings.Errors.Take(8)) Row("", $"{error}");
        Row("stalls", $"another path worked: {Longest(Stalls.Free)}; ",
            $"may be {ChaosClock.Milliseconds(Options.Bound)}");
        Row("", $"writes near one that was given up: {Longest(Stalls.Held)}; ",
            $"may be {ChaosClock.Milliseconds(Options.HeldBound(1))} for each fault");
        Row("", $"no path worked ({Director.Outages.Count} times): {Longest(Stalls.InOutage)}");
        Row("", $"the machine itself: {ChaosClock.Milliseconds(MachinePause)}");
        foreach (TimedIo io in Broken.Take(8)) Row("too long", $"{Describe(io)}");
        Row("repeat", $"{Options.Command}");
        if (WasInterrupted) text.AppendLine("it was interrupted");
        text.Append(IsGood ? "every promise was kept" : "A PROMISE WAS BROKEN");
        return text.ToString();
    }

    private static string Size(long bytes) =>
        (bytes / 1048576.0).ToString("0", CultureInfo.InvariantCulture) + " MiB";

    private static string Describe(TimedIo io) =>
        $"a {io.What} of {ChaosClock.Milliseconds(io.Time)} at {ChaosClock.Text(io.Began)} s";

    private string Kinds() => string.Join(
        ", ", Director.Counts.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key} {pair.Value}"));

    private static string Longest(IEnumerable<TimedIo> ios)
    {
        TimedIo[] all = [.. ios.OrderByDescending(io => io.Time)];
        return all.Length == 0 ? "none over 100 ms" : $"longest {Describe(all[0])}";
    }
}
