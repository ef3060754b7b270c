// SPDX-License-Identifier: Apache-2.0
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop.Chaos;

/// <summary>
/// Two paths under load, one of which stops serving in one way after the other: how long an I/O is
/// held up, and whether I/O to the other path alone notices anything.
/// </summary>
internal sealed class StallRun(ChaosOptions options)
{
    private const int Blocks = 4096;
    private const int Workers = 8;

    /// <summary>Each fault comes so often: the p99 is one of a few thousand I/Os.</summary>
    private const int Rounds = 3;

    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(3);

    private static readonly FaultKind[] Kinds =
    [
        FaultKind.LongPause, FaultKind.Kill, FaultKind.Cut, FaultKind.Mute, FaultKind.Deaf,
        FaultKind.Trap,
    ];

    private readonly Trace _trace = new();

    /// <summary>Measures all of them; each row as soon as it is there.</summary>
    public async Task<Findings> RunAsync(Action<StallRow> row, CancellationToken cancel)
    {
        var findings = new Findings(_trace);
        foreach (FaultKind kind in Kinds)
        {
            if (cancel.IsCancellationRequested) break;
            if (await MeasureAsync(kind, findings, cancel) is { } measured) row(measured);
        }
        return findings;
    }

    private async Task<StallRow?> MeasureAsync(
        FaultKind kind, Findings findings, CancellationToken cancel)
    {
        await using var stage = new ChaosStage();
        long bytes = (long)Blocks * Stamp.BlockBytes;
        await stage.StartServersAsync(
            bytes, [(ServerKind.Nbdkit, true), (ServerKind.Nbdkit, true)]);
        if (!FaultActions.Suits(kind, stage.Paths[0])) return null;
        await stage.StartBraidAsync(options.IoTimeout, _trace, "--selector", "round-robin 0");
        using var checker = new Checker(Blocks, findings);
        using OtherPath other = await OtherPath.StartAsync(stage, stage.Paths[1], bytes, findings);
        await checker.StartAsync(stage.ExportSocket, ChaosStage.Export, Workers, options.Seed);
        var view = new MapView(
            stage.ControlSocket, ChaosStage.Map, [.. stage.Paths.Select(path => path.Name)]);
        var before = new List<TimeSpan>();
        var during = new List<TimeSpan>();
        for (int round = 0; round < Rounds && !cancel.IsCancellationRequested; round++)
            await PlayAsync(kind, stage.Paths[0], view, other, (before, during));
        checker.Stop();
        other.Stop();
        var stalls = new Stalls(checker.Log, stage.Losses.Times, [], options);
        return new StallRow(
            kind, Longest(stalls.Free), Longest(stalls.Held), [.. before.Order()],
            [.. during.Order()]);
    }

    private async Task PlayAsync(
        FaultKind kind, ChaosPath path, MapView view, OtherPath other,
        (List<TimeSpan> Before, List<TimeSpan> During) times)
    {
        await Eventually.IsTrueAsync(
            async () =>
            {
                await view.LookAsync();
                return view.Of(path.Name).IsActive;
            },
            () => $"path {path.Name} takes I/O");
        TimeSpan start = ChaosClock.Now;
        await Task.Delay(Quiet, CancellationToken.None);
        TimeSpan began = ChaosClock.Now;
        await FaultActions.BeginAsync(kind, path);
        // As long as a server may hang without doing old writes when it goes on.
        await Task.Delay(1.8 * options.IoTimeout, CancellationToken.None);
        TimeSpan ended = ChaosClock.Now;
        await FaultActions.EndAsync(kind, path);
        times.Before.AddRange(other.Log.Between(start, began));
        times.During.AddRange(other.Log.Between(began, ended));
    }

    private static TimeSpan Longest(IEnumerable<TimedIo> ios) =>
        ios.Select(io => io.Time).DefaultIfEmpty().Max();
}
