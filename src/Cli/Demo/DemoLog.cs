// SPDX-License-Identifier: Apache-2.0
using Microsoft.Extensions.Logging;

namespace Braid.Cli;

/// <summary>Keeps the map's log lines, for the demo to show. Thread-safe.</summary>
internal sealed class DemoLog : ILogger
{
    private readonly List<string> _lines = [];

    /// <summary>Takes the lines that have come since the last call.</summary>
    public IReadOnlyList<string> Take()
    {
        lock (_lines)
        {
            string[] taken = [.. _lines];
            _lines.Clear();
            return taken;
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        lock (_lines) _lines.Add(formatter(state, exception));
    }
}
