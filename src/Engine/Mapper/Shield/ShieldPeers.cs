// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Mapper;

/// <summary>
/// Ties the shield of a map on one loop to those of the same map on the others. A stale write is
/// told to all. Each holds back what overlaps from then on, and acknowledges when none of its own
/// that overlaps is in flight; before all have, the stale write is neither sent again nor ended.
/// So whoever writes after it was acknowledged, on whatever loop, is held back until it is quiet,
/// as on one loop; and its retry is the last to land of those that were under way with it. One for
/// each map and loop, on that loop; it works only when a path was given up.
/// </summary>
internal sealed class ShieldPeers(
    MapChannels map, int channel, StaleWriteShield shield, MapperCore core)
{
    /// <summary>Own stale writes that are not quiet: what the others were told.</summary>
    private readonly List<StaleNotice> _notices = [];

    /// <summary>What the others have told.</summary>
    private readonly Dictionary<StaleNotice, ForeignWrite> _foreign = [];

    /// <summary>Of these, those that are not acknowledged yet.</summary>
    private readonly List<ForeignWrite> _owed = [];

    /// <summary>Tells all others of a write that was given up here.</summary>
    public void Tell(object? owner, uint use, long begin, long end, StaleWrite write)
    {
        var notice = new StaleNotice(owner, use, map.Count - 1);
        _notices.Add(notice);
        int from = channel;
        map.TellOthers(from, peers => peers.OnTold(from, notice, begin, end));
        write.WhenQuiet(() => Withdraw(notice));
    }

    /// <summary>Whether a stale write of that owner is not known to all others yet.</summary>
    public bool IsUntold(object owner, uint use)
    {
        foreach (StaleNotice notice in _notices)
            if (!notice.IsKnown && notice.IsOf(owner, use)) return true;
        return false;
    }

    /// <summary>Nothing is held back here any more: nobody is to wait for this loop.</summary>
    public void OnLowered()
    {
        foreach (ForeignWrite write in _owed) Acknowledge(write.From, write.Notice);
        _owed.Clear();
        _foreign.Clear();
        foreach (StaleNotice notice in _notices.ToArray()) Withdraw(notice);
    }

    /// <summary>Acknowledges what can be: writes of this loop may have ended.</summary>
    public void Settle()
    {
        for (int i = _owed.Count - 1; i >= 0; i--)
        {
            ForeignWrite write = _owed[i];
            if (core.HasWriteInFlight(write.Begin, write.End)) continue;
            _owed.RemoveAt(i);
            Acknowledge(write.From, write.Notice);
        }
        if (_owed.Count > 0) core.WatchWrites();
    }

    private void OnTold(int from, StaleNotice notice, long begin, long end)
    {
        if (shield.IsOff)
        {
            Acknowledge(from, notice);
            return;
        }
        var write = new ForeignWrite(from, notice, begin, end, new StaleWrite());
        _foreign.Add(notice, write);
        _owed.Add(write);
        shield.AddForeign(begin, end, write.Write);
        Settle();
    }

    private void OnQuiet(StaleNotice notice)
    {
        if (!_foreign.Remove(notice, out ForeignWrite? write)) return;
        _owed.Remove(write);
        write.Write.End();
    }

    private void Acknowledge(int to, StaleNotice notice) =>
        map.Tell(channel, to, peers => peers.OnAcknowledged(notice));

    private void OnAcknowledged(StaleNotice notice)
    {
        notice.Acknowledge();
        if (notice.IsKnown && _notices.Contains(notice)) core.KickRequeueList();
    }

    private void Withdraw(StaleNotice notice)
    {
        if (!_notices.Remove(notice)) return;
        map.TellOthers(channel, peers => peers.OnQuiet(notice));
    }
}
