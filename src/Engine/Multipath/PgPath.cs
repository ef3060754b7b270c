// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Multipath;

/// <summary>A path in a priority group (struct pgpath). Loop's thread only.</summary>
public sealed class PgPath
{
    private RequestQueue? _queue;

    internal PgPath(BlockDevice device, PriorityGroup group)
    {
        Device = device;
        Group = group;
    }

    public BlockDevice Device { get; }

    public PriorityGroup Group { get; }

    /// <summary>Of its device, which keeps the queue it once has; null for none yet.</summary>
    internal RequestQueue? Queue => _queue ??= Device.Queue;

    /// <summary>False from <c>fail_path</c> until <c>reinstate_path</c>.</summary>
    public bool IsActive { get; internal set; } = true;

    /// <summary>How often it went from active to failed.</summary>
    public uint FailCount { get; internal set; }

    /// <summary>Armed while it is to be activated (activate_path).</summary>
    internal Io.LoopTimer? Activation { get; set; }

    /// <summary>What the group's selector keeps for it.</summary>
    internal SelectorPath Selection { get; set; } = null!;
}
