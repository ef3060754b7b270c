// SPDX-License-Identifier: Apache-2.0
namespace Braid.Exports.Nbd;

/// <summary>How far a client is.</summary>
/// <param name="Read">Bytes that were sent to it.</param>
/// <param name="Sent">Bytes that were received from it.</param>
internal readonly record struct NbdProgress(long Read, long Sent)
{
    /// <summary>Whether it is as far as that, in both directions.</summary>
    public bool Reaches(NbdProgress other) => Read >= other.Read && Sent >= other.Sent;
}
