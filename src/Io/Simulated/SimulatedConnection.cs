// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>One end of a simulated connection, during its handshake.</summary>
internal sealed class SimulatedConnection(
    SimulatedPipe incoming, SimulatedPipe outgoing, string peer) : Connection
{
    private TaskCompletionSource? _readable;

    public override string Peer => peer;

    public SimulatedPipe Incoming => incoming;

    public SimulatedPipe Outgoing => outgoing;

    /// <summary>A stream has taken the pipes over.</summary>
    public bool IsDetached { get; set; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancel)
    {
        incoming.Readable = () => _readable?.TrySetResult();
        while (incoming.Available == 0 && !incoming.IsEnded)
            await WaitAsync(cancel).ConfigureAwait(false);
        return incoming.Read(buffer.Span);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        // As a unix socket has it: who has closed reads no more.
        if (incoming.IsEnded) throw new EndOfStreamException("the peer closed the connection");
        outgoing.Write(data.Span);
        return ValueTask.CompletedTask;
    }

    protected override void Dispose(bool disposing)
    {
        if (!IsDetached) outgoing.End(0);
        IsDetached = true;
    }

    private async ValueTask WaitAsync(CancellationToken cancel)
    {
        // Inline continuations: the whole run stays on the loop's thread, in one order.
        var readable = new TaskCompletionSource();
        _readable = readable;
        using (cancel.Register(() => readable.TrySetCanceled(CancellationToken.None)))
            await readable.Task.ConfigureAwait(false);
    }
}
