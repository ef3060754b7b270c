// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Tests.Fuzz;

/// <summary>
/// A simulated network that forgets no exception of what was given to it to do off the loop.
/// </summary>
internal sealed class FuzzNetwork(SimulatedLoop loop) : INetwork
{
    private readonly List<Task> _work = [];

    public SimulatedNetwork Inner { get; } = new(loop);

    public ValueTask<Connection> ConnectAsync(Endpoint endpoint, CancellationToken cancel) =>
        Inner.ConnectAsync(endpoint, cancel);

    public Listener Listen(Endpoint endpoint) => Inner.Listen(endpoint);

    public void Offload(Func<Task> work) => _work.Add(work());

    /// <summary>Fails the input when something off the loop has failed.</summary>
    public void CheckWork()
    {
        foreach (Task task in _work)
            if (task.Exception is { } error)
                throw new FuzzException($"off the loop: {error.InnerException}");
    }
}
