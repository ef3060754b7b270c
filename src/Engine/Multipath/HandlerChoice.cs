// SPDX-License-Identifier: Apache-2.0
namespace Braid.Multipath;

/// <summary>The hardware handler that a map wants on its paths.</summary>
/// <param name="Name">As tables name it.</param>
/// <param name="Parameters">Words for it; the table does not print them.</param>
public sealed record HandlerChoice(string Name, IReadOnlyList<string> Parameters)
{
    public HandlerChoice(string name)
        : this(name, [])
    {
    }
}
