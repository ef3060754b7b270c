// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Daemon;

/// <summary>
/// The control socket: takes one request of each client and has it done on the loop. What a client
/// says, or does not say, holds up nobody: its bytes are read and written off the loop, within
/// bounds of size and time.
/// </summary>
public sealed class ControlServer : IDisposable
{
    /// <summary>Clients at the same time; most of them wait for an event.</summary>
    private const int MaxClients = 64;

    private readonly Acceptor _acceptor;
    private readonly Action<string> _log;
    private readonly HashSet<ControlConnection> _clients = [];

    /// <summary>Listens at once; clients are served from <see cref="Start"/> on.</summary>
    /// <param name="loop">The loop of the maps.</param>
    /// <param name="network">Where to listen.</param>
    /// <param name="endpoint">The same.</param>
    /// <param name="commands">Does what is asked.</param>
    /// <param name="log">Takes a line about trouble with clients; on the loop.</param>
    /// <exception cref="IOException">The endpoint cannot be had.</exception>
    public ControlServer(
        IoLoop loop, INetwork network, Endpoint endpoint, IControlCommands commands,
        Action<string> log)
    {
        Loop = loop;
        Network = network;
        Commands = commands;
        _log = log;
        _acceptor = new Acceptor(loop, network, endpoint, Admit, log);
    }

    /// <summary>Clients now. On the loop.</summary>
    public int Clients => _clients.Count;

    internal bool IsDraining { get; private set; }

    internal IoLoop Loop { get; }

    internal INetwork Network { get; }

    internal IControlCommands Commands { get; }

    public void Start() => _acceptor.Start();

    /// <summary>On the loop: takes no more clients; those who wait are told.</summary>
    public void Drain()
    {
        IsDraining = true;
        _acceptor.Stop();
        foreach (ControlConnection client in _clients.ToArray()) client.Drain();
    }

    public void Dispose() => _acceptor.Dispose();

    internal void OnClosed(ControlConnection client) => _clients.Remove(client);

    private void Admit(Connection connection)
    {
        if (IsDraining || _clients.Count >= MaxClients)
        {
            if (!IsDraining) _log($"control: a client is refused, {MaxClients} are connected");
            connection.Dispose();
            return;
        }
        _clients.Add(new ControlConnection(this, connection));
    }
}
