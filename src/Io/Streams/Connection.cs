// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>
/// A connection in its handshake, before a loop takes it over: plain async reads and writes, off
/// every loop, so that a slow or hostile peer holds up nobody. Owned by the handshake; ownership
/// passes with <see cref="IoLoop.Adopt"/>.
/// </summary>
public abstract class Connection : IDisposable
{
    /// <summary>The peer, for messages: "127.0.0.1:10809" or "unix:/run/x.sock".</summary>
    public abstract string Peer { get; }

    /// <summary>Some bytes, as soon as there are any; 0 when the peer has ended.</summary>
    public abstract ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancel);

    /// <summary>
    /// Fills the buffer. <see cref="EndOfStreamException"/> when the peer ends first.
    /// </summary>
    public async ValueTask ReadExactlyAsync(Memory<byte> buffer, CancellationToken cancel)
    {
        while (buffer.Length > 0)
        {
            int count = await ReadAsync(buffer, cancel).ConfigureAwait(false);
            if (count == 0) throw new EndOfStreamException("the peer closed the connection");
            buffer = buffer[count..];
        }
    }

    /// <summary>Writes it all.</summary>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancel);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}

/// <summary>A listening socket.</summary>
public abstract class Listener : IDisposable
{
    /// <summary>Where it listens, with the port that was chosen if 0 was asked for.</summary>
    public abstract Endpoint Endpoint { get; }

    /// <summary>The next client.</summary>
    public abstract ValueTask<Connection> AcceptAsync(CancellationToken cancel);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}

/// <summary>Makes connections: the machine's sockets, or the simulator's.</summary>
public interface INetwork
{
    /// <summary>Connects; throws <see cref="IOException"/> or is cancelled.</summary>
    ValueTask<Connection> ConnectAsync(Endpoint endpoint, CancellationToken cancel);

    /// <summary>
    /// Runs a handshake off every loop that serves I/O; in the simulator, in order with the rest.
    /// </summary>
    void Offload(Func<Task> work);

    /// <summary>Listens; throws <see cref="IOException"/> when the address cannot be had.</summary>
    Listener Listen(Endpoint endpoint);
}
