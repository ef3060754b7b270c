// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Braid.Cli;

/// <summary>
/// `braid demo`: a self-contained tour, with a path killed and restored on the way.
/// </summary>
internal sealed class DemoCommand
{
    /// <summary>Width of one column of the picture.</summary>
    public static readonly TimeSpan SampleTime = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan KillAt = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan RestoreAt = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan EndAt = TimeSpan.FromSeconds(9);

    private const string Title = "I/O per path over time";

    private readonly DemoLog _log = new();
    private readonly DemoPicture _picture = new(["a", "b"]);
    private readonly Stopwatch _clock = new();
    private long[] _before = [0, 0];

    public static Command Create()
    {
        var command = new Command(
            "demo", "A tour: two paths to one volume, real I/O, one path killed and restored.");
        command.SetAction((_, _) => RunUntilSignalAsync());
        return command;
    }

    private static async Task<int> RunUntilSignalAsync()
    {
        using var signals = new Signals(() => { });
        return await new DemoCommand().RunAsync(signals.Stopping).ConfigureAwait(false);
    }

    private async Task<int> RunAsync(CancellationToken cancel)
    {
        Console.WriteLine("One 64 MiB volume in a file, two NBD servers in front of it, and a");
        Console.WriteLine("multipath map over both. A client reads and writes through the map.");
        Console.WriteLine();
        var stage = new DemoStage(_log);
        await using (stage.ConfigureAwait(false))
        {
            await stage.StartAsync(cancel).ConfigureAwait(false);
            Console.WriteLine(await stage.DescribeAsync().ConfigureAwait(false));
            Console.WriteLine();
            using var load = new DemoLoad(stage.ClientLoop, stage.Client, DemoStage.VolumeBytes);
            try
            {
                await WhileShownAsync(() => PlayAsync(stage, load, cancel)).ConfigureAwait(false);
            }
            finally
            {
                // Its memory may go only when no I/O uses it any more.
                await CallAsync(stage, load.StopAsync).ConfigureAwait(false);
            }
            Console.WriteLine();
            Console.WriteLine(await stage.DescribeAsync().ConfigureAwait(false));
            return Judge(load);
        }
    }

    /// <summary>Redraws the picture on a terminal; elsewhere draws it once, at the end.</summary>
    private async Task WhileShownAsync(Func<Task> play)
    {
        if (Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Ansi)
        {
            await play().ConfigureAwait(false);
            Console.Write(_picture.ToText(Title));
            return;
        }
        await AnsiConsole.Live(new Text("")).StartAsync(async context =>
        {
            Task playing = play();
            while (!playing.IsCompleted)
            {
                await Task.WhenAny(playing, Task.Delay(SampleTime / 2)).ConfigureAwait(false);
                lock (_picture) context.UpdateTarget(_picture.Render(Title));
            }
            await playing.ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    private async Task PlayAsync(DemoStage stage, DemoLoad load, CancellationToken cancel)
    {
        await WaitForClientAsync(stage, cancel).ConfigureAwait(false);
        _clock.Start();
        await OnClientAsync(stage, load.Start).ConfigureAwait(false);
        await SampleUntilAsync(stage, KillAt, cancel).ConfigureAwait(false);
        Say("--- the server of path b is killed ---");
        await stage.KillAsync(DemoStage.Victim).ConfigureAwait(false);
        await SampleUntilAsync(stage, RestoreAt, cancel).ConfigureAwait(false);
        Say("--- the server of path b is started again ---");
        await stage.RestoreAsync(DemoStage.Victim).ConfigureAwait(false);
        await SampleUntilAsync(stage, EndAt, cancel).ConfigureAwait(false);
        await CallAsync(stage, load.StopAsync).ConfigureAwait(false);
        Say("--- every block is read again and compared ---");
        await CallAsync(stage, load.VerifyAsync).ConfigureAwait(false);
    }

    private static async Task WaitForClientAsync(DemoStage stage, CancellationToken cancel)
    {
        while (!await stage.ClientLoop.CallAsync(() => stage.Client.HasLimits)
            .ConfigureAwait(false))
            await Task.Delay(SampleTime / 10, cancel).ConfigureAwait(false);
    }

    private async Task SampleUntilAsync(DemoStage stage, TimeSpan end, CancellationToken cancel)
    {
        while (_clock.Elapsed < end)
        {
            await Task.Delay(SampleTime, cancel).ConfigureAwait(false);
            long[] now = await stage.CountAsync().ConfigureAwait(false);
            lock (_picture)
            {
                _picture.Add([.. now.Zip(_before, (after, before) => after - before)]);
                foreach (string line in _log.Take()) _picture.Say(_clock.Elapsed, line);
            }
            _before = now;
        }
    }

    private void Say(string text)
    {
        lock (_picture) _picture.Say(_clock.Elapsed, text);
    }

    private static Task OnClientAsync(DemoStage stage, Action action) =>
        stage.ClientLoop.CallAsync(() =>
        {
            action();
            return true;
        });

    private static async Task CallAsync(DemoStage stage, Func<Task> start)
    {
        Task done = await stage.ClientLoop.CallAsync(start).ConfigureAwait(false);
        await done.ConfigureAwait(false);
    }

    private static int Judge(DemoLoad load)
    {
        bool isGood = load.Errors == 0 && load.Mismatches == 0 && load.Verified == load.Blocks;
        string verdict = isGood ? "nothing was lost" : "DATA WAS LOST";
        FormattableString text =
            $"""
            {load.Done} I/Os, {load.Errors} errors, longest {load.LongestIo.TotalMilliseconds:0} ms
            {load.Verified} of {load.Blocks} blocks verified, {load.Mismatches} wrong: {verdict}
            """;
        Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
        return isGood ? ExitStatus.Done : ExitStatus.Failed;
    }
}
