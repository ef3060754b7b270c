// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;

namespace Braid.Exports.Nbd;

/// <summary>
/// Spreads clients over loops: each goes, for its life, to the loop with the fewest of the same
/// device, the lowest of several. On the loop that accepts them, which has the number 0.
/// </summary>
public sealed class NbdSpread
{
    private const int Own = 0;

    private readonly ILoopLinks _links;
    private readonly IReadOnlyList<NbdServer> _servers;

    /// <summary>Clients on each loop, by the device of this loop.</summary>
    private readonly Dictionary<BlockDevice, int[]> _clients = [];
    private readonly HashSet<BlockDevice> _closed = [];

    /// <param name="links">Between the loops.</param>
    /// <param name="servers">
    /// Of the other loops, by number from 1; each is used on its own loop.
    /// </param>
    public NbdSpread(ILoopLinks links, IReadOnlyList<NbdServer> servers)
    {
        _links = links;
        _servers = servers;
    }

    /// <summary>On all loops.</summary>
    public int Clients => _clients.Values.Sum(counts => counts.Sum());

    /// <summary>Takes no client of a device that may be about to go, until it is opened.</summary>
    public void Close(BlockDevice device) => _closed.Add(device);

    public void Open(BlockDevice device) => _closed.Remove(device);

    /// <summary>The device has gone.</summary>
    public void Forget(BlockDevice device)
    {
        _clients.Remove(device);
        _closed.Remove(device);
    }

    /// <summary>Finds a loop for a client whose handshake is done, and hands it over.</summary>
    internal void Place(NbdServer own, NbdClientSession session, Connection connection)
    {
        BlockDevice device = session.Export.Device;
        if (_closed.Contains(device))
        {
            connection.Dispose();
            return;
        }
        int[] counts = CountsOf(device);
        int loop = Array.IndexOf(counts, counts.Min());
        counts[loop]++;
        if (loop == Own) Serve(own, session, connection);
        else HandOver(own, loop, session, connection);
    }

    private int[] CountsOf(BlockDevice device)
    {
        if (!_clients.TryGetValue(device, out int[]? counts))
            _clients[device] = counts = new int[_links.Count];
        return counts;
    }

    private void HandOver(NbdServer own, int loop, NbdClientSession session, Connection connection)
    {
        NbdExport told = session.Export;
        NbdClientSession there = session with { Export = told.On(loop) };
        _links.Post(Own, loop, () =>
        {
            NbdServer server = _servers[loop - 1];
            server.ClientGone ??= export => _links.Post(loop, Own, () => Gone(export, loop));
            if (server.TryTake(there, connection)) return;
            _links.Post(loop, Own, () => TakeBack(own, loop, session, connection));
        });
    }

    /// <summary>
    /// The other loop's device, made over other paths, can do less than the client was told.
    /// </summary>
    private void TakeBack(NbdServer own, int loop, NbdClientSession session, Connection connection)
    {
        int[] counts = CountsOf(session.Export.Device);
        counts[loop]--;
        counts[Own]++;
        Serve(own, session, connection);
    }

    private void Serve(NbdServer own, NbdClientSession session, Connection connection)
    {
        own.ClientGone ??= export => Gone(export, Own);
        if (own.TryTake(session, connection)) return;
        connection.Dispose();
        Gone(session.Export, Own);
    }

    private void Gone(NbdExport export, int loop)
    {
        if (_clients.TryGetValue(export.Accepting, out int[]? counts)) counts[loop]--;
    }
}
