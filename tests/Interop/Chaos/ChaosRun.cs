// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Braid.Tests.Interop.Support;

namespace Braid.Tests.Interop.Chaos;

/// <summary>
/// One run: servers, Braid, load, faults until the time is up, and what has come of it. All that it
/// started is gone when it is done, however it ends.
/// </summary>
internal sealed class ChaosRun(ChaosOptions options)
{
    /// <summary>Blocks of the checker: 4 MiB, of which some are rewritten all the time.</summary>
    private const int Blocks = 1024;

    private const int Workers = 12;

    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(2);

    /// <summary>The first N: both servers, with and without a network of their own.</summary>
    private static readonly (ServerKind Kind, bool HasNet)[] Servers =
    [
        (ServerKind.Nbdkit, false), (ServerKind.QemuNbd, true),
        (ServerKind.Nbdkit, true), (ServerKind.QemuNbd, false),
    ];

    private readonly Trace _trace = new();
    private int _faults;

    public Trace Trace => _trace;

    /// <summary>Faults played so far.</summary>
    public int Faults => Volatile.Read(ref _faults);

    /// <summary>Plays until the time is up, or until it is told to stop.</summary>
    /// <exception cref="ChaosException">It could not be played.</exception>
    public async Task<ChaosReport> RunAsync(CancellationToken cancel)
    {
        var findings = new Findings(_trace);
        await using var stage = new ChaosStage();
        long fioAt = (long)Blocks * Stamp.BlockBytes;
        await stage.StartServersAsync(
            fioAt + (2 * FioLoad.RegionBytes), Servers[..options.Paths]);
        await stage.StartBraidAsync(
            options.IoTimeout, _trace, "--stale-write-guard", options.Guard,
            "--loops", options.Loops.ToString(CultureInfo.InvariantCulture));
        var view = new MapView(
            stage.ControlSocket, ChaosStage.Map, [.. stage.Paths.Select(path => path.Name)]);
        var director = new Director(
            options,
            new FaultPlan(options.Seed, stage.Paths, options.IoTimeout, options.Kinds),
            [
                .. stage.Paths.Select(path => new PathHealth(
                    path, view, stage.Losses, options.IoTimeout)),
            ],
            findings, _trace);
        using var checker = new Checker(Blocks, findings);
        var fio = new FioLoad(stage.Scratch, stage.ExportUri, fioAt, findings);
        using var pulse = new Pulse();
        await checker.StartAsync(stage.ExportSocket, ChaosStage.Export, Workers, options.Seed);

        // Braid's code is compiled while it first runs: that is no stall of a path's making.
        await Task.Delay(Warmup, CancellationToken.None);
        TimeSpan began = ChaosClock.Now;
        await PlayAsync(view, director, fio, findings, cancel);
        TimeSpan took = ChaosClock.Now - began;
        checker.Stop();
        checker.VerifyExport();
        await EndAsync(stage.Braid!, findings);
        checker.VerifyFile(stage.Volume);
        return new ChaosReport
        {
            Options = options,
            Took = took,
            Servers = string.Join(", ", stage.Paths.Select(path => path.Description)),
            WithoutNetworks = stage.WithoutNetworks,
            Director = director,
            Checker = checker,
            Fio = fio,
            Findings = findings,
            Stalls = new Stalls(checker.Log, stage.Losses.Times, director.Outages, options),
            MachinePause = pulse.Longest,
            WasInterrupted = cancel.IsCancellationRequested,
        };
    }

    private async Task PlayAsync(
        MapView view, Director director, FioLoad fio, Findings findings, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        stop.CancelAfter(options.Time);
        using var over = new CancellationTokenSource();
        Task watching = WatchAsync(view, findings, stop, over.Token);
        Task verifying = fio.RunAsync(options.Seed, stop.Token);
        Task playing = director.RunAsync(stop.Token, cancel);
        while (!playing.IsCompleted)
        {
            Volatile.Write(ref _faults, director.Count);
            await Task.WhenAny(playing, Task.Delay(200, CancellationToken.None));
        }
        await playing;
        // A pass of fio ends by itself, unless nobody wants to wait or it waits in vain.
        if (!watching.IsCompleted)
            await Task.WhenAny(verifying, Task.Delay(Timeout.Infinite, cancel));
        await over.CancelAsync();
        await watching;
    }

    /// <summary>A Braid that cannot be asked ends the run.</summary>
    private static async Task WatchAsync(
        MapView view, Findings findings, CancellationTokenSource stop, CancellationToken over)
    {
        try
        {
            await view.RunAsync(over);
        }
        catch (Exception error) when (error is IOException
            or System.Net.Sockets.SocketException or System.Text.Json.JsonException)
        {
            findings.Error($"braid does not answer a command: {error.Message}");
            await stop.CancelAsync();
        }
    }

    private static async Task EndAsync(BraidProcess braid, Findings findings)
    {
        try
        {
            await braid.StopAsync();
        }
        catch (Exception error) when (error is ShouldAssertException or Xunit.Sdk.XunitException)
        {
            findings.Error($"braid does not end well: {error.Message.Split('\n')[0]}");
        }
    }
}
