// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Braid.Io;

namespace Braid.Tests.Fuzz;

/// <summary>The client's end of a simulated connection: says anything, at any time.</summary>
internal sealed class HostileClient
{
    private const int ConnectionReset = 104;

    private readonly SimulatedConnection _connection;
    private readonly List<byte> _sent = [];
    private readonly List<byte> _received = [];

    public HostileClient(SimulatedLoop loop, SimulatedNetwork network, Endpoint endpoint)
    {
        Task<Connection> connecting =
            network.ConnectAsync(endpoint, CancellationToken.None).AsTask();
        loop.RunUntil(() => connecting.IsCompleted, 1_000_000_000);
        _connection = (SimulatedConnection)connecting.Result;
    }

    /// <summary>It has not ended the connection.</summary>
    public bool IsOpen { get; private set; } = true;

    /// <summary>The server has ended it.</summary>
    public bool IsLeft => _connection.Incoming.IsEnded;

    public ReadOnlySpan<byte> Sent => CollectionsMarshal.AsSpan(_sent);

    /// <summary>All that the server has said so far.</summary>
    public ReadOnlySpan<byte> Received
    {
        get
        {
            byte[] more = new byte[_connection.Incoming.Available];
            _connection.Incoming.Read(more);
            _received.AddRange(more);
            return CollectionsMarshal.AsSpan(_received);
        }
    }

    public void Send(byte[] bytes)
    {
        // What goes to a server that has left is lost, as on any network.
        if (!IsOpen || IsLeft) return;
        _sent.AddRange(bytes);
        _connection.Outgoing.Write(bytes);
    }

    public void End()
    {
        if (IsOpen) _connection.Dispose();
        IsOpen = false;
    }

    public void Reset()
    {
        if (!IsOpen) return;
        IsOpen = false;
        _connection.Outgoing.Reset(ConnectionReset);
        _connection.Incoming.Reset(ConnectionReset);
    }
}
