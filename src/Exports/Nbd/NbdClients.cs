// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Exports.Nbd;

/// <summary>
/// The clients of one loop, whatever server they came by, and what they share: a gate for each
/// device, and I/O memory, with a watch over those that keep it. While anybody waits for memory, a
/// client that does not read its replies, or does not send the payload that it has announced, is
/// cut off in the end. On the loop.
/// </summary>
/// <param name="loop">The loop of the clients.</param>
/// <param name="pool">The memory; not owned.</param>
public sealed class NbdClients(IoLoop loop, BufferPool pool)
{
    /// <summary>For so long may clients keep others waiting.</summary>
    private const long PatienceNs = 10_000_000_000;

    /// <summary>A timer that is so late tells that the process stood still.</summary>
    private const long StandstillNs = 100_000_000;

    /// <summary>
    /// Bytes that a client reads or sends in that time, where it owes so many: a slow one is not
    /// cut off, and one that trickles does nothing for those who wait.
    /// </summary>
    private const long LeastMoved = 1 << 20;

    private readonly HashSet<NbdServerConnection> _clients = [];
    private readonly Dictionary<BlockDevice, FloodGate> _gates = [];

    /// <summary>How far each client has to be when the watch ends.</summary>
    private readonly Dictionary<NbdServerConnection, NbdProgress> _owed = [];
    private LoopTimer? _timer;

    /// <summary>Since the watch began.</summary>
    private bool _hasServed;

    /// <summary>It has ended when nobody waited, and none had been served.</summary>
    private bool _isOverdue;
    private long _endedNs;

    /// <summary>False where everybody may have in flight what it likes.</summary>
    public bool HoldsFloods { get; init; } = true;

    /// <summary>The memory itself.</summary>
    public BufferPool Pool => pool;

    /// <summary>A client has come; what it has in flight is told to what is returned.</summary>
    internal ClientLoad Add(NbdServerConnection client, BlockDevice device)
    {
        _clients.Add(client);
        if (!_gates.TryGetValue(device, out FloodGate? gate))
            _gates[device] = gate = new FloodGate(loop, HoldsFloods);
        return gate.Add();
    }

    internal void Remove(NbdServerConnection client, BlockDevice device, ClientLoad load)
    {
        _clients.Remove(client);
        _owed.Remove(client);
        if (!load.Leave()) _gates.Remove(device);
    }

    /// <summary>Queues a client for memory; the watch begins, unless it is kept already.</summary>
    internal void Wait(NbdServerConnection client)
    {
        pool.Wait(client);
        _timer ??= loop.CreateTimer(EndWatch);
        if (_timer.IsArmed) return;
        // Whoever waited before has given up, and those that keep the memory have had their time.
        if (_isOverdue && loop.NowNs - _endedNs < PatienceNs) _timer.Arm(0);
        else BeginWatch();
    }

    /// <summary>Who was first in line is so no more: memory comes back.</summary>
    internal void Served() => _hasServed = true;

    private void BeginWatch()
    {
        _hasServed = _isOverdue = false;
        _owed.Clear();
        foreach (NbdServerConnection client in _clients)
            _owed.Add(client, client.Owed(LeastMoved));
        _timer!.Arm(PatienceNs);
    }

    private void EndWatch()
    {
        _isOverdue = !_hasServed;
        _endedNs = loop.NowNs;
        if (!pool.HasWaiters) return;
        // When nothing ran here nobody could be sent anything.
        if (_isOverdue && loop.NowNs - _timer!.DueNs < StandstillNs) CutOff();
        BeginWatch();
    }

    /// <summary>
    /// As few as it takes for the longest command that may be waiting; nobody where most of the
    /// memory is that of commands under way, which a path may hold for as long as it likes.
    /// </summary>
    private void CutOff()
    {
        NbdServerConnection[] stalled = Stalled();
        if (stalled.Sum(client => client.HeldBytes) < pool.InUse / 2) return;
        long wanted = NbdProtocol.MaxPayload;
        foreach (NbdServerConnection client in stalled)
        {
            wanted -= client.HeldBytes;
            client.Close(
                "cut off: it has not read its replies, or not sent what it announced, for "
                + $"{PatienceNs / 1_000_000_000} s, while others waited for its memory");
            if (wanted <= 0) break;
        }
    }

    private NbdServerConnection[] Stalled() =>
    [
        .. _owed
            .Where(owed => owed.Key.IsOpen && owed.Key.HeldBytes > 0
                && !owed.Key.Progress.Reaches(owed.Value))
            .Select(owed => owed.Key)
            .OrderByDescending(client => client.HeldBytes),
    ];
}
