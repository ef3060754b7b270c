// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>
/// Who runs when. A contender's place in the order moves on with each round and each cell, so that
/// nobody always runs after the same neighbour or first on a rested machine.
/// </summary>
internal static class RunOrder
{
    public static IEnumerable<T> Rotate<T>(IReadOnlyList<T> items, int by)
    {
        for (int i = 0; i < items.Count; i++) yield return items[(i + by) % items.Count];
    }
}
