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

    private readonly IReadOnlyList<IoLoop> _loops;
    private readonly INetwork _network;
    private readonly MapOptions _options;
    private readonly ILogger _logger;
    private readonly ChannelSet _channels;
    private ControlServer? _control;

    /// <exception cref="Wire.Nbd.UriException">A path's URI is wrong.</exception>
    public MapService(IoLoop loop, INetwork network, MapOptions options, ILogger logger)
        : this([loop], network, options, logger)
    {
    }

    /// <param name="loops">
    /// At least one: each serves a share of the clients; the first has the control socket.
    /// </param>
    /// <param name="network">Of all.</param>
    /// <param name="options">What to serve.</param>
    /// <param name="logger">Takes a line for each thing that happens.</param>
    /// <exception cref="Wire.Nbd.UriException">A path's URI is wrong.</exception>
    public MapService(
        IReadOnlyList<IoLoop> loops, INetwork network, MapOptions options, ILogger logger)
    {
        _loops = loops;
        _network = network;
        _options = options;
        _logger = logger;
        _channels = new ChannelSet(loops, new LoopLinks(loops), network, options, logger);
    }

    /// <summary>I/O memory of its clients, by loop; from other threads its counts only.</summary>
    public IReadOnlyList<BufferPool> Memory => [.. _channels.Stacks.Select(stack => stack.Pool)];

    private IoLoop Loop => _loops[0];

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
            await RunAsync(_ => OpenControl(path)).ConfigureAwait(false);
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await RunAsync(_ => _channels.ReachPaths(() => reached.TrySetResult()))
            .ConfigureAwait(false);
        await reached.Task.WaitAsync(cancel).ConfigureAwait(false);
        var made = new TaskCompletionSource<string?>(
            TaskCreationOptions.RunContinuationsAsynchronously);
        await RunAsync(_ => MakeMap(made)).ConfigureAwait(false);
        if (await made.Task.ConfigureAwait(false) is { } problem) throw new MapException(problem);
        IsStarted = true;
    }

    /// <summary>
    /// Takes the map down: no new I/O, what is in flight ends and is answered. What still waits
    /// after <paramref name="patience"/> fails.
    /// </summary>
    public async Task DrainAsync(TimeSpan patience, TimeProvider clock)
    {
        long start = clock.GetTimestamp();
        // The lead first: after that it hands no client over.
        await RunAsync(stack =>
        {
            _control?.Drain();
            stack.Drain();
        }).ConfigureAwait(false);
        await RunOthersAsync(stack => stack.Drain()).ConfigureAwait(false);
        while (!await AllAsync(stack => stack.IsDrained).ConfigureAwait(false)
            && clock.GetElapsedTime(start) < patience)
            await Task.Delay(DrainPoll, clock).ConfigureAwait(false);
        // Of caches that could not be flushed in time the stack tells itself.
        if (!await AllAsync(stack => stack.Exports.IsDrained).ConfigureAwait(false))
            _logger.LogWarning("cutting off clients whose I/O has not ended");
        await RunAsync(stack => stack.Stop()).ConfigureAwait(false);
        await RunOthersAsync(stack => stack.Stop()).ConfigureAwait(false);
        // A turn more, in which what was cut off comes back.
        await RunAsync(_ => { }).ConfigureAwait(false);
        await RunOthersAsync(_ => { }).ConfigureAwait(false);
    }

    /// <summary>Asks the lead's channel something, on its loop.</summary>
    public Task<T> AskAsync<T>(Func<MapStack, T> question) => AskAsync(_channels.Lead, question);

    /// <summary>Where clients find the maps.</summary>
    public Task<string[]> ExportUrisAsync() => AskAsync(stack => stack.Exports.Uris.ToArray());

    /// <summary>The topology of all maps, for people.</summary>
    public Task<string> DescribeAsync() => AskAsync(
        stack => string.Join('\n', stack.Devices.All.Select(Topology.Describe)));

    /// <summary>After <see cref="DrainAsync"/>, and after the loop has ended.</summary>
    public void Dispose()
    {
        _control?.Dispose();
        _channels.Dispose();
    }

    /// <summary>With one loop all of it in one turn.</summary>
    private void MakeMap(TaskCompletionSource<string?> made) => _channels.MakeMap(problem =>
    {
        try
        {
            if (problem is null)
            {
                _channels.Listen();
                _control?.Start();
            }
            made.SetResult(problem);
        }
        catch (MapException error)
        {
            made.SetResult(error.Message);
        }
    });

    private IControlCommands Commands() => _channels.Count == 1
        ? new ControlCommands(_channels.Lead)
        : new ChannelCommands(_channels);

    private void OpenControl(string path)
    {
        try
        {
            _control = new ControlServer(
                Loop, _network, Endpoint.Unix(path), Commands(),
                text => _logger.LogWarning("{Text}", text));
        }
        catch (IOException error)
        {
            throw new MapException(
                $"{error.Message}; give another --name, or --control PATH");
        }
    }

    private Task<T> AskAsync<T>(MapStack stack, Func<MapStack, T> question) =>
        _loops[stack.Index].CallAsync(() => question(stack));

    private async Task<bool> AllAsync(Predicate<MapStack> holds)
    {
        bool[] answers = await Task.WhenAll(
            _channels.Stacks.Select(stack => AskAsync(stack, one => holds(one))))
            .ConfigureAwait(false);
        return Array.TrueForAll(answers, answer => answer);
    }

    private Task RunAsync(Action<MapStack> action) => RunAsync(_channels.Lead, action);

    private Task RunOthersAsync(Action<MapStack> action) =>
        Task.WhenAll(_channels.Stacks.Skip(1).Select(stack => RunAsync(stack, action)));

    private Task RunAsync(MapStack stack, Action<MapStack> action) => AskAsync(stack, one =>
    {
        action(one);
        return true;
    });
}
