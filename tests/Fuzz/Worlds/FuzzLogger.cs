// SPDX-License-Identifier: Apache-2.0
using Microsoft.Extensions.Logging;

namespace Braid.Tests.Fuzz;

/// <summary>
/// A log whose lines are lines, whatever somebody outside has put into them: no line ends, nothing
/// that a terminal obeys, and no more than is read.
/// </summary>
internal sealed class FuzzLogger : ILogger
{
    private const int MaxLine = 10_000;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        string line = formatter(state, exception);
        if (line.Length is 0 or > MaxLine || line.Any(char.IsControl))
            throw new FuzzException($"not one line of a log: {line}");
    }
}
