// SPDX-License-Identifier: Apache-2.0
using Braid.Block;
using Braid.Mapper;

namespace Braid.Multipath;

/// <summary>The second path of a read that waits for long on its first.</summary>
public sealed partial class MultipathTarget
{
    /// <summary>
    /// Only in the group that I/O goes to now: another may have to be activated first, or is slow
    /// by design.
    /// </summary>
    public Request? TryHedge(TargetIo first, Bio read, TargetIo io, ICloneOwner owner)
    {
        if (_currentGroup is not { } group || MustActivate()) return null;
        PgPath? path = LeastLoaded(group, PathOf(first).Device);
        Request? clone = path?.Device.Queue!.TryAllocateClone(read, owner);
        if (clone is not null) StartIo(path!, io, read.Length);
        return clone;
    }

    /// <summary>
    /// Not the selector's choice: it may choose the same path again, and asking it changes whose
    /// turn it is.
    /// </summary>
    private static PgPath? LeastLoaded(PriorityGroup group, BlockDevice besides)
    {
        PgPath? best = null;
        int least = int.MaxValue;
        IReadOnlyList<PgPath> paths = group.Paths;
        for (int i = 0; i < paths.Count; i++)
        {
            PgPath path = paths[i];
            if (!path.IsActive || path.Device == besides) continue;
            if (path.Device.Queue is not { Driver.CanAbandon: true } queue) continue;
            if (queue.IsBusy || queue.Statistics.InFlight >= least) continue;
            least = queue.Statistics.InFlight;
            best = path;
        }
        return best;
    }
}
