// SPDX-License-Identifier: Apache-2.0
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Braid.Cli;

/// <summary>Log lines of a program in the foreground: one line each, to stderr.</summary>
internal static class Logs
{
    /// <summary>For the last lines, when nobody may be reading them.</summary>
    private static readonly TimeSpan LastLines = TimeSpan.FromMilliseconds(300);

    /// <summary>
    /// Who does not read stderr loses lines; I/O and signals do not wait for it.
    /// </summary>
    public static ILoggerFactory Create(bool quiet) => LoggerFactory.Create(builder =>
    {
        builder.SetMinimumLevel(quiet ? LogLevel.Warning : LogLevel.Information);
        builder.AddSimpleConsole(options =>
        {
            options.SingleLine = true;
            options.TimestampFormat = "HH:mm:ss.fff ";
            options.ColorBehavior = LoggerColorBehavior.Default;
        });
        builder.Services.Configure<ConsoleLoggerOptions>(options =>
        {
            options.LogToStandardErrorThreshold = LogLevel.Trace;
            options.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite;
            options.MaxQueueLength = 256;
        });
    });

    /// <summary>
    /// Writes what is left, but not for long: the library would wait 1.5 s for a full pipe, and
    /// the process has promised to end.
    /// </summary>
    public static void Close(ILoggerFactory logs) => Task.Run(logs.Dispose).Wait(LastLines);
}
