// SPDX-License-Identifier: Apache-2.0
namespace Braid.Tests.Simulation;

/// <summary>The loops of a seed's daemon.</summary>
internal sealed record SimLoops
{
    public int Count { get; init; } = 1;

    /// <summary>
    /// What one loop tells another takes up to so long: the other may be in a long turn.
    /// </summary>
    public long LinkNs { get; init; } = 5 * SimWorld.Ms;

    /// <summary>I/O memory of all of them.</summary>
    public long PoolBytes { get; init; }

    public override string ToString() =>
        Count > 1 ? $"{Count} loops within {LinkNs / SimWorld.Ms} ms, " : "";
}
