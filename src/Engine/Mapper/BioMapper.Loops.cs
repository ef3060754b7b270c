// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Mapper;

/// <summary>The same map on other loops: what their shields ask, and wait for.</summary>
internal sealed unsafe partial class BioMapper
{
    public override bool HasWriteInFlight(long begin, long end) => IsWriting(begin, end, null);

    public override void WatchWrites()
    {
        // While the shield is up each end is looked at.
    }

    private void OnEndBelowShield()
    {
        Shield.Peers?.Settle();
        KickRequeueList();
    }

    /// <summary>
    /// Ends a part, unless it has failed and left a stale write that other loops do not know yet:
    /// then it fails when they do.
    /// </summary>
    private void EndTold(TargetBio part, BlockStatus status)
    {
        bool mayEnd = status == BlockStatus.Ok || part.Whole!.Stale is null
            || !Shield.IsUntold(part, part.Use);
        if (mayEnd)
        {
            End(part, status);
            return;
        }
        part.IsCondemned = true;
        Shelve(part);
    }

    /// <summary>Waits for the shield; for the next table, while the device is suspended.</summary>
    private void Shelve(TargetBio part)
    {
        if (_isQuiesced) Defer(part);
        else _shielded.Enqueue(part);
    }
}
