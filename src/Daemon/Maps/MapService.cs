// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Microsoft.Extensions.Logging;

namespace Braid.Daemon;

/// <summary>
/// A map in the foreground, for the control plane: starts it, describes it, takes it down. Its
/// methods may be called from any thread but the loop's; what they do happens on the loop.
/// </summary>
public sealed class MapService : IDisposable
{
    private static readonly TimeSpan DrainPoll = TimeSpan.FromMilliseconds(10);

    private readonly IoLoop _loop;
    private readonly MapStack _stack;

    /// <exception cref="Wire.Nbd.UriException">A path's URI is wrong.</exception>
    public MapService(IoLoop loop, INetwork network, MapOptions options, ILogger logger)
    {
        _loop = loop;
        _stack = new MapStack(loop, network, options, logger);
    }

    /// <summary>Whether there is a map to be described.</summary>
    public bool IsStarted { get; private set; }

    /// <summary>Where clients find it.</summary>
    public IReadOnlyList<string> ExportUris => _stack.ExportUris;

    /// <summary>
    /// Connects the paths, waits until each was reached or not, makes the map and listens.
    /// </summary>
    /// <exception cref="MapException">It cannot be made, and why.</exception>
    public async Task StartAsync(CancellationToken cancel)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await RunAsync(stack => stack.ReachPaths(() => reached.TrySetResult()))
            .ConfigureAwait(false);
        await reached.Task.WaitAsync(cancel).ConfigureAwait(false);
        await RunAsync(stack =>
        {
            stack.MakeMap();
            stack.Listen();
        }).ConfigureAwait(false);
        IsStarted = true;
    }

    /// <summary>
    /// Takes the map down: no new I/O, what is in flight ends and is answered. What still waits
    /// after <paramref name="patience"/> fails.
    /// </summary>
    public async Task DrainAsync(TimeSpan patience, TimeProvider clock)
    {
        long start = clock.GetTimestamp();
        await RunAsync(stack => stack.Drain()).ConfigureAwait(false);
        while (!await AskAsync(stack => stack.IsDrained).ConfigureAwait(false)
            && clock.GetElapsedTime(start) < patience)
            await Task.Delay(DrainPoll, clock).ConfigureAwait(false);
        await RunAsync(stack => stack.Stop()).ConfigureAwait(false);
        // A turn more, in which what was cut off comes back.
        await RunAsync(_ => { }).ConfigureAwait(false);
    }

    /// <summary>Asks the map something, on its loop.</summary>
    public Task<T> AskAsync<T>(Func<MapStack, T> question) =>
        _loop.CallAsync(() => question(_stack));

    /// <summary>The topology, for people.</summary>
    public Task<string> DescribeAsync() => AskAsync(stack => Topology.Describe(stack.Map!));

    /// <summary>After <see cref="DrainAsync"/>, and after the loop has ended.</summary>
    public void Dispose() => _stack.Dispose();

    private Task RunAsync(Action<MapStack> action) => _loop.CallAsync(() =>
    {
        action(_stack);
        return true;
    });
}
