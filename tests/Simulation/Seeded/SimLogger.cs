// SPDX-License-Identifier: Apache-2.0
using Microsoft.Extensions.Logging;

namespace Braid.Tests.Simulation;

/// <summary>The engine's log, in the trace.</summary>
internal sealed class SimLogger(SimWorld world) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        world.Trace.Tell($"  {formatter(state, exception)}");
        world.NotePaths();
    }
}
