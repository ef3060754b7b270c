// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>
/// Connections inside one simulated loop. Each listening endpoint has a link whose behaviour, and
/// misbehaviour, holds for all its connections.
/// </summary>
public sealed class SimulatedNetwork(SimulatedLoop loop) : INetwork
{
    private const int ConnectionReset = 104;

    private readonly Dictionary<Endpoint, SimulatedListener> _listeners = [];
    private readonly Dictionary<Endpoint, SimulatedLink> _links = [];
    private readonly List<(Endpoint Endpoint, SimulatedPipe There, SimulatedPipe Back)> _open = [];

    /// <summary>The link to an endpoint, made at the first use.</summary>
    public SimulatedLink Link(Endpoint endpoint)
    {
        if (!_links.TryGetValue(endpoint, out SimulatedLink? link))
            _links[endpoint] = link = new SimulatedLink();
        return link;
    }

    /// <summary>Resets all connections to an endpoint: a server killed, a cable pulled.</summary>
    public void Reset(Endpoint endpoint)
    {
        foreach ((Endpoint at, SimulatedPipe there, SimulatedPipe back) in _open.ToArray())
        {
            if (at != endpoint) continue;
            there.Reset(ConnectionReset);
            back.Reset(ConnectionReset);
        }
        _open.RemoveAll(entry => entry.Endpoint == endpoint);
    }

    /// <summary>Lets a hung link go on: what was held arrives.</summary>
    public void Unhang(Endpoint endpoint)
    {
        Link(endpoint).IsHung = false;
        foreach ((Endpoint at, SimulatedPipe there, SimulatedPipe back) in _open.ToArray())
        {
            if (at != endpoint) continue;
            there.Release();
            back.Release();
        }
    }

    public async ValueTask<Connection> ConnectAsync(Endpoint endpoint, CancellationToken cancel)
    {
        SimulatedLink link = Link(endpoint);
        await DelayAsync(2 * link.LatencyNs, cancel).ConfigureAwait(false);
        if (link.IsRefusing || !_listeners.TryGetValue(endpoint, out SimulatedListener? listener))
            throw new IOException($"connect {endpoint}: refused");
        var there = new SimulatedPipe(loop, link);
        var back = new SimulatedPipe(loop, link);
        _open.Add((endpoint, there, back));
        listener.Offer(new SimulatedConnection(there, back, "client"));
        return new SimulatedConnection(back, there, endpoint.ToString());
    }

    public Listener Listen(Endpoint endpoint)
    {
        if (_listeners.ContainsKey(endpoint))
            throw new IOException($"cannot listen on {endpoint}: in use");
        var listener = new SimulatedListener(endpoint, () => _listeners.Remove(endpoint));
        _listeners[endpoint] = listener;
        return listener;
    }

    public void Offload(Func<Task> work) => _ = work();

    private async ValueTask DelayAsync(long ns, CancellationToken cancel)
    {
        var done = new TaskCompletionSource();
        loop.CreateTimer(() => done.TrySetResult()).Arm(ns);
        using (cancel.Register(() => done.TrySetCanceled(CancellationToken.None)))
            await done.Task.ConfigureAwait(false);
    }
}

/// <summary>A listening endpoint of a <see cref="SimulatedNetwork"/>.</summary>
internal sealed class SimulatedListener(Endpoint endpoint, Action closed) : Listener
{
    private readonly Queue<Connection> _offered = new();
    private TaskCompletionSource? _arrived;

    public override Endpoint Endpoint => endpoint;

    public void Offer(Connection connection)
    {
        _offered.Enqueue(connection);
        _arrived?.TrySetResult();
    }

    public override async ValueTask<Connection> AcceptAsync(CancellationToken cancel)
    {
        while (_offered.Count == 0)
        {
            var arrived = new TaskCompletionSource();
            _arrived = arrived;
            using (cancel.Register(() => arrived.TrySetCanceled(CancellationToken.None)))
                await arrived.Task.ConfigureAwait(false);
        }
        return _offered.Dequeue();
    }

    protected override void Dispose(bool disposing) => closed();
}
