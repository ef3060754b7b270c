// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Mapper;

/// <summary>What it holds, for people who ask: not on the data path.</summary>
internal sealed unsafe partial class BioMapper
{
    public override IEnumerable<HeldIo> Held()
    {
        foreach (TargetBio part in _byCookie)
        {
            if (part.Whole is not { } whole || !IsHeld(part)) continue;
            yield return new HeldIo(
                IdOf(part), part.Clone.Operation, part.Offset, part.Clone.Length,
                host.Loop.NowNs - whole.StartNs, ReasonOf(part));
        }
        foreach (Bio bio in _deferred)
            yield return new HeldIo(
                "-", bio.Operation, bio.Offset, bio.Length, 0, HoldReason.Suspended);
    }

    public override int FailHeld(Predicate<string> isMeant)
    {
        int count = 0;
        foreach (TargetBio part in _byCookie)
        {
            if (part.Whole is null || !IsHeld(part) || !isMeant(IdOf(part))) continue;
            part.IsCondemned = true;
            count++;
        }
        KickRequeueList();
        foreach (TargetEntry entry in _table.Entries) ((IBioTarget)entry.Target).MapHeld();
        return count;
    }

    /// <summary>
    /// It waits; or it came back from a path, and is below again: it may be so each time that
    /// somebody looks.
    /// </summary>
    private static bool IsHeld(TargetBio part) => !part.IsBelow || part.IsRetried;

    private HoldReason ReasonOf(TargetBio part)
    {
        if (part.IsBelow) return HoldReason.Retries;
        if (part.IsPostponed) return HoldReason.Delay;
        return Shield.IsUp && MustWait(part) ? HoldReason.StaleWrite : HoldReason.Path;
    }

    private static string IdOf(TargetBio part) => HeldIo.IdOf(part.Clone.Cookie, part.Use);
}
