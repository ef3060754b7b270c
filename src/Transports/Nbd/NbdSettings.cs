// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Transports.Nbd;

/// <summary>How an NBD path behaves in time. All in nanoseconds of the loop's clock.</summary>
public sealed record NbdSettings
{
    /// <summary>
    /// A reply that takes longer fails the path; the requests in flight go to another. 10 s is
    /// above what a healthy server's flush takes; lower it where the storage is known to be quick.
    /// </summary>
    public long IoTimeoutNs { get; init; } = 10_000_000_000;

    /// <summary>What is done about writes whose connection was given up.</summary>
    public StaleWriteGuard StaleWrites { get; init; } = StaleWriteGuard.Time;

    /// <summary>
    /// After so long without a word a server that was given up is taken to be quiet
    /// (<see cref="StaleWriteGuard.Time"/>). Null: the I/O timeout again, so that a write that has
    /// to wait for it waits no longer than one on a path that hangs.
    /// </summary>
    public long? QuiesceNs { get; init; }

    /// <summary>Connect and handshake together.</summary>
    public long ConnectTimeoutNs { get; init; } = 5_000_000_000;

    /// <summary>
    /// The first wait before connecting again; doubles up to the maximum, with jitter.
    /// </summary>
    public long ReconnectDelayNs { get; init; } = 100_000_000;

    /// <summary>
    /// Other paths lead to the same volume: a flush on one connection must cover the others.
    /// </summary>
    public bool IsOneOfSeveral { get; init; }

    /// <summary>The longest wait before connecting again.</summary>
    public long ReconnectDelayMaxNs { get; init; } = 5_000_000_000;
}
