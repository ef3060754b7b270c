// SPDX-License-Identifier: Apache-2.0
namespace Braid.Mapper;

/// <summary>
/// A stale write that the other loops of a map were told of. Threads: its content belongs to the
/// loop that made it; to the others it is only a name.
/// </summary>
/// <param name="owner">Whose write it was; null if it will not be tried again.</param>
/// <param name="use">Tells this use of the owner from others.</param>
/// <param name="others">Loops that are told.</param>
internal sealed class StaleNotice(object? owner, uint use, int others)
{
    private int _untold = others;

    /// <summary>Every other loop holds back what overlaps, and has none of it in flight.</summary>
    public bool IsKnown => _untold == 0;

    public bool IsOf(object who, uint when) => owner == who && use == when;

    public void Acknowledge() => _untold--;
}
