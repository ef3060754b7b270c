// SPDX-License-Identifier: Apache-2.0
using Braid.Io.Abi;

namespace Braid.Io;

/// <summary>Who reads a stream: a path's connection below, a client's connection above.</summary>
public unsafe interface IStreamHandler
{
    /// <summary>
    /// Writes into <paramref name="vectors"/> where the next bytes shall go, and returns how many
    /// entries it filled, at most <see cref="StreamSocket.MaxReceiveVectors"/>. 0 pauses receiving
    /// until <see cref="StreamSocket.ResumeReceive"/>. The memory stays valid until the stream has
    /// received or has closed, or <see cref="StreamSocket.DropUnsent"/> was called: it may be
    /// written at any time until then. Asked when there are bytes, or long before.
    /// </summary>
    int PrepareReceive(iovec* vectors);

    /// <summary>That many bytes have come, in the order of the vectors.</summary>
    void OnReceived(int bytes);

    /// <summary>
    /// Receives of one turn, at the most: more than one while the peer is in the middle of
    /// something large, whose rest is worth looking for. Asked after <see cref="OnReceived"/>.
    /// </summary>
    int ReceivesPerTurn => 1;

    /// <summary>
    /// Whether something waits for <see cref="OnSent"/>. If nothing does, it may be called as late
    /// as the loop's next event. Asked at the end of a turn.
    /// </summary>
    bool AwaitsSent => true;

    /// <summary><see cref="StreamSocket.SentBytes"/> has grown.</summary>
    void OnSent();

    /// <summary>
    /// The stream is over, once and for all: <paramref name="reason"/> says why. From now on it
    /// touches no memory of the handler's.
    /// </summary>
    void OnClosed(StreamEnd reason);
}

/// <summary>Why a stream ended.</summary>
/// <param name="Errno">errno of the system call that failed; 0 with none.</param>
/// <param name="Text">For people: "closed by the peer", "reset", or what our own side said.</param>
public readonly record struct StreamEnd(int Errno, string Text);
