// SPDX-License-Identifier: Apache-2.0
using Braid.Io;
using Braid.Wire.Nbd;

namespace Braid.Tests.Fuzz;

/// <summary>How a hostile server serves where it is not told otherwise.</summary>
internal sealed record ServerStyle
{
    public bool StructuredReplies { get; init; } = true;

    public bool Allocation { get; init; } = true;

    /// <summary>Chunks of a read, at the most.</summary>
    public int Chunks { get; init; } = 1;

    public int Block { get; init; } = FuzzVolume.Block;

    public NbdTransmissionFlags Flags { get; init; } = NbdTransmissionFlags.HasFlags;

    /// <summary>Of a thousand requests so many fail.</summary>
    public int Errors { get; init; }
}

/// <summary>
/// An NBD server in front of the world's volume that keeps to the protocol but for the edits of its
/// messages, which are counted over all its sessions. What it acknowledges it has done.
/// </summary>
internal sealed class HostileServer
{
    private readonly SimulatedLoop _loop;
    private readonly Listener _listener;
    private readonly ulong _lastEdit;

    public HostileServer(
        SimulatedLoop loop, INetwork network, Endpoint endpoint, byte[] volume,
        ILookup<ulong, FuzzLine> edits)
    {
        _loop = loop;
        Volume = volume;
        Edits = edits;
        _lastEdit = edits.Count == 0 ? 0 : edits.Max(edit => edit.Key);
        Honesty = new ServerHonesty(volume);
        _listener = network.Listen(endpoint);
        network.Offload(RunAsync);
    }

    public ServerStyle Style { get; init; } = new();

    public byte[] Volume { get; }

    public ILookup<ulong, FuzzLine> Edits { get; }

    public ServerHonesty Honesty { get; }

    public SimulatedLoop Loop => _loop;

    /// <summary>Messages sent so far.</summary>
    public ulong Messages { get; set; }

    /// <summary>What edits say is sent once more.</summary>
    public List<WireMessage> Past { get; } = [];

    /// <summary>Bytes in and out.</summary>
    public long Traffic { get; set; }

    /// <summary>No edit is left: from now on it is honest.</summary>
    public bool IsThrough => Messages > _lastEdit;

    /// <summary>Sessions with an exception that is nobody's end.</summary>
    public Exception? Failure { get; private set; }

    private async Task RunAsync()
    {
        while (true)
        {
            Connection client = await _listener.AcceptAsync(CancellationToken.None)
                .ConfigureAwait(false);
            _ = ServeAsync(client);
        }
    }

    private async Task ServeAsync(Connection client)
    {
        try
        {
            await new HostileSession(this, (SimulatedConnection)client).RunAsync()
                .ConfigureAwait(false);
        }
        catch (EndOfStreamException)
        {
            // The client has had enough.
        }
        catch (Exception error)
        {
            Failure ??= error;
        }
    }
}
