// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Tests.Simulation;

/// <summary>
/// The simulated network, but an exception in work off the loop, which nobody would see, ends the
/// run.
/// </summary>
internal sealed class SimNetwork(SimulatedNetwork network, Action<Exception> failed) : INetwork
{
    public ValueTask<Connection> ConnectAsync(Endpoint endpoint, CancellationToken cancel) =>
        network.ConnectAsync(endpoint, cancel);

    public Listener Listen(Endpoint endpoint) => network.Listen(endpoint);

    public void Offload(Func<Task> work) => _ = WatchAsync(work);

    private async Task WatchAsync(Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            failed(error);
        }
    }
}
