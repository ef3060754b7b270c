// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using System.Globalization;
using Braid.Daemon;
using Braid.Io;
using Braid.Wire.Nbd;
using Microsoft.Extensions.Logging;

namespace Braid.Cli;

/// <summary>`braid run`: one map in the foreground.</summary>
internal static class RunCommand
{
    /// <summary>
    /// SIGTERM ends the process within 5 s; this leaves some for files that hang and for a log
    /// that nobody reads.
    /// </summary>
    private static readonly TimeSpan DrainPatience = TimeSpan.FromSeconds(3);

    public static Command Create()
    {
        var options = new RunOptions();
        var command = new Command("run", "Serve one multipath map until Ctrl-C.");
        options.AddTo(command);
        command.SetAction((parsed, _) => RunAsync(options, parsed));
        return command;
    }

    private static async Task<int> RunAsync(RunOptions given, ParseResult parsed)
    {
        MapOptions options = given.Read(parsed);
        int count = given.Loops(parsed);
        string? statsFile = given.StatsFile(parsed);
        ILoggerFactory logs = Logs.Create(given.IsQuiet(parsed));
        ILogger logger = logs.CreateLogger("braid");
        options = options with
        {
            ControlSocket = ControlPlace.ForRun(given.Control(parsed), options.Name, logger),
        };
        using var network = new SocketNetwork();
        IoLoop[] loops = StartLoops(count, given.Backend(parsed), logger);
        MapService service = Make(loops, network, options, logger);
        using var signals = new Signals(() => _ = ReportAsync(service, loops, statsFile));
        try
        {
            await service.StartAsync(signals.Stopping).ConfigureAwait(false);
            Console.WriteLine(await service.DescribeAsync().ConfigureAwait(false));
            foreach (string uri in await service.ExportUrisAsync().ConfigureAwait(false))
                Console.WriteLine($"export {uri}");
            if (options.ControlSocket is { } socket) Console.WriteLine($"control {socket}");
            await WaitAsync(signals.Stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Told to stop before it had started.
        }
        finally
        {
            // Also when it could not start: an export that was open already leaves no socket.
            await service.DrainAsync(DrainPatience, TimeProvider.System).ConfigureAwait(false);
            foreach (IoLoop loop in loops) loop.Dispose();
            service.Dispose();
            Logs.Close(logs);
        }
        return ExitStatus.Done;
    }

    private static IoLoop[] StartLoops(int count, IoBackend backend, ILogger logger)
    {
        var loops = new IoLoop[count];
        for (int i = 0; i < count; i++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"braid-io-{i}");
            // What the machine does not allow it does not allow any of them: said once.
            Action<string> log = i > 0
                ? static _ => { }
                : line => logger.LogWarning("{Text}", line);
            loops[i] = IoLoops.Start(name, backend, log);
        }
        return loops;
    }

    private static MapService Make(
        IoLoop[] loops, INetwork network, MapOptions options, ILogger logger)
    {
        try
        {
            return new MapService(loops, network, options, logger);
        }
        catch (Exception error)
        {
            foreach (IoLoop loop in loops) loop.Dispose();
            if (error is UriException) throw new UsageException(error.Message);
            throw;
        }
    }

    private static async Task WaitAsync(CancellationToken stopping)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (stopping.Register(() => stopped.TrySetResult()))
            await stopped.Task.ConfigureAwait(false);
    }

    private static async Task ReportAsync(MapService service, IoLoop[] loops, string? statsFile)
    {
        if (!service.IsStarted) return;
        var counters = LoopCounters.Of([.. loops.Select(loop => loop.Statistics)], service.Memory);
        Console.WriteLine(await service.DescribeAsync().ConfigureAwait(false));
        Console.WriteLine(counters);
        if (statsFile is not null) counters.WriteTo(statsFile);
    }
}
