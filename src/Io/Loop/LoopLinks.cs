// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>Between loops of this process: messages.</summary>
/// <param name="loops">By their numbers; not owned.</param>
public sealed class LoopLinks(IReadOnlyList<IoLoop> loops) : ILoopLinks
{
    public int Count => loops.Count;

    public void Post(int from, int to, Action action) => loops[to].Post(action);
}
