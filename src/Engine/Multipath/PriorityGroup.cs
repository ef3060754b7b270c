// SPDX-License-Identifier: Apache-2.0
namespace Braid.Multipath;

/// <summary>
/// Paths that are used together (struct priority_group): a selector never leaves it.
/// </summary>
public sealed class PriorityGroup
{
    private readonly List<PgPath> _paths = [];

    internal PriorityGroup(int number, IPathSelector selector)
    {
        Number = number;
        Selector = selector;
    }

    /// <summary>Place in the table, from 1.</summary>
    public int Number { get; }

    public IPathSelector Selector { get; }

    public IReadOnlyList<PgPath> Paths => _paths;

    /// <summary>Used only when no other group has a path (disable_group).</summary>
    public bool IsBypassed { get; internal set; }

    /// <summary>
    /// Every working path is busy. A group without one is not: mapping must happen, to leave it.
    /// </summary>
    internal bool IsCongested
    {
        get
        {
            bool anyActive = false;
            foreach (PgPath path in _paths)
            {
                if (!path.IsActive) continue;
                anyActive = true;
                if (path.Queue is not { IsBusy: true }) return false;
            }
            return anyActive;
        }
    }

    internal void Add(PgPath path) => _paths.Add(path);
}
