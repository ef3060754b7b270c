// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench.Macro;

/// <summary>
/// Who runs when. From turn to turn the order changes its direction, and every second turn the
/// one who begins: nobody always runs first on a rested machine, or after the same neighbour.
/// </summary>
internal static class RunOrder
{
    public static IEnumerable<T> Of<T>(IReadOnlyList<T> items, int turn)
    {
        int first = turn / 2 % items.Count;
        for (int i = 0; i < items.Count; i++)
        {
            int step = turn % 2 == 0 ? i : items.Count - i;
            yield return items[(first + step) % items.Count];
        }
    }
}
