// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
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
        string? statsFile = given.StatsFile(parsed);
        ILoggerFactory logs = Logs.Create(given.IsQuiet(parsed));
        ILogger logger = logs.CreateLogger("braid");
        options = options with
        {
            ControlSocket = ControlPlace.ForRun(given.Control(parsed), options.Name, logger),
        };
        using var network = new SocketNetwork();
        using IoLoop loop = StartLoop(given.Backend(parsed), logger);
        MapService service = Make(loop, network, options, logger);
        using var signals = new Signals(() => _ = ReportAsync(service, loop, statsFile));
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
            loop.Dispose();
            service.Dispose();
            Logs.Close(logs);
        }
        return ExitStatus.Done;
    }

    private static IoLoop StartLoop(IoBackend backend, ILogger logger) =>
        IoLoops.Start("braid-io-0", backend, line => logger.LogWarning("{Text}", line));

    private static MapService Make(
        IoLoop loop, INetwork network, MapOptions options, ILogger logger)
    {
        try
        {
            return new MapService(loop, network, options, logger);
        }
        catch (UriException error)
        {
            throw new UsageException(error.Message);
        }
    }

    private static async Task WaitAsync(CancellationToken stopping)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (stopping.Register(() => stopped.TrySetResult()))
            await stopped.Task.ConfigureAwait(false);
    }

    private static async Task ReportAsync(MapService service, IoLoop loop, string? statsFile)
    {
        if (!service.IsStarted) return;
        var counters = LoopCounters.Of(loop.Statistics, service.Memory);
        Console.WriteLine(await service.DescribeAsync().ConfigureAwait(false));
        Console.WriteLine(counters);
        if (statsFile is not null) counters.WriteTo(statsFile);
    }
}
