// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Mapper;

/// <summary>The same map on other loops: what their shields ask, and wait for.</summary>
internal sealed partial class RequestMapper
{
    private SettleTask? _settle;

    public override bool HasWriteInFlight(long begin, long end) => IsWriting(begin, end, null);

    public override void WatchWrites() => _awaitsWrite = true;

    /// <summary>A write is about to end, or to wait for its retry.</summary>
    private void OnWriteAwaited()
    {
        _awaitsWrite = false;
        KickRequeueList();
        if (Shield.Peers is not { } peers) return;
        // Later in this turn: it is still counted as in flight.
        _settle ??= new SettleTask(peers);
        _queue.Loop.Schedule(_settle, Io.TurnPhase.Dispatch);
    }

    /// <summary>What other loops do not know yet must not end: it waits for them.</summary>
    private BlockStatus Refuse(Request request)
    {
        if (!IsUntold(request)) return BlockStatus.IoError;
        KeepUntold(request, 0);
        return BlockStatus.Ok;
    }

    private void KeepUntold(Request request, long done) =>
        _queue.Requeue(request, done, RequestQueue.UntilKicked, HoldReason.StaleWrite);

    private bool IsUntold(Request request) => Shield.IsUntold(request, request.Generation);

    private sealed class SettleTask(ShieldPeers peers) : Io.TurnTask
    {
        protected override void RunTask() => peers.Settle();
    }
}
