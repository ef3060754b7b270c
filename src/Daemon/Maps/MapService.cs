// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Microsoft.Extensions.Logging;

namespace Braid.Daemon;

/// <summary>
/// Maps in the foreground, for the control plane: starts the first and its control socket,
/// describes them, takes them down. Its methods may be called from any thread but the loop's; what
/// they do happens on the loop.
/// </summary>
public sealed class MapService : IDisposable
{
    private static readonly TimeSpan DrainPoll = TimeSpan.FromMilliseconds(10);

    private readonly IoLoop _loop;
    private readonly INetwork _network;
    private readonly MapOptions _options;
    private readonly ILogger _logger;
    private readonly MapStack _stack;
    private ControlServer? _control;

    /// <exception cref="Wire.Nbd.UriException">A path's URI is wrong.</exception>
    public MapService(IoLoop loop, INetwork network, MapOptions options, ILogger logger)
    {
        _loop = loop;
        _network = network;
        _options = options;
        _logger = logger;
        _stack = new MapStack(loop, network, options, logger);
    }

    /// <summary>I/O memory of its clients; from other threads its counts only.</summary>
    public BufferPool Memory => _stack.Pool;

    /// <summary>Whether there is a map to be described.</summary>
    public bool IsStarted { get; private set; }

    /// <summary>
    /// Connects the paths, waits until each was reached or not, makes the map and listens. The
    /// control socket is had before all, and served when the map is there.
    /// </summary>
    /// <exception cref="MapException">It cannot be made, and why.</exception>
    public async Task StartAsync(CancellationToken cancel)
    {
        if (_options.ControlSocket is { } path)
            await RunAsync(stack => OpenControl(stack, path)).ConfigureAwait(false);
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await RunAsync(stack => stack.ReachPaths(() => reached.TrySetResult()))
            .ConfigureAwait(false);
        await reached.Task.WaitAsync(cancel).ConfigureAwait(false);
        await RunAsync(stack =>
        {
            stack.MakeMap();
            stack.Listen();
            _control?.Start();
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
        await RunAsync(stack =>
        {
            _control?.Drain();
            stack.Drain();
        }).ConfigureAwait(false);
        while (!await AskAsync(stack => stack.IsDrained).ConfigureAwait(false)
            && clock.GetElapsedTime(start) < patience)
            await Task.Delay(DrainPoll, clock).ConfigureAwait(false);
        // Of caches that could not be flushed in time the stack tells itself.
        if (!await AskAsync(stack => stack.Exports.IsDrained).ConfigureAwait(false))
            _logger.LogWarning("cutting off clients whose I/O has not ended");
        await RunAsync(stack => stack.Stop()).ConfigureAwait(false);
        // A turn more, in which what was cut off comes back.
        await RunAsync(_ => { }).ConfigureAwait(false);
    }

    /// <summary>Asks the map something, on its loop.</summary>
    public Task<T> AskAsync<T>(Func<MapStack, T> question) =>
        _loop.CallAsync(() => question(_stack));

    /// <summary>Where clients find the maps.</summary>
    public Task<string[]> ExportUrisAsync() => AskAsync(stack => stack.Exports.Uris.ToArray());

    /// <summary>The topology of all maps, for people.</summary>
    public Task<string> DescribeAsync() => AskAsync(
        stack => string.Join('\n', stack.Devices.All.Select(Topology.Describe)));

    /// <summary>After <see cref="DrainAsync"/>, and after the loop has ended.</summary>
    public void Dispose()
    {
        _control?.Dispose();
        _stack.Dispose();
    }

    private void OpenControl(MapStack stack, string path)
    {
        try
        {
            _control = new ControlServer(
                _loop, _network, Endpoint.Unix(path), new ControlCommands(stack),
                text => _logger.LogWarning("{Text}", text));
        }
        catch (IOException error)
        {
            throw new MapException(
                $"{error.Message}; give another --name, or --control PATH");
        }
    }

    private Task RunAsync(Action<MapStack> action) => _loop.CallAsync(() =>
    {
        action(_stack);
        return true;
    });
}
