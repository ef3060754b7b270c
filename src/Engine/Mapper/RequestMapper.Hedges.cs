// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Mapper;

/// <summary>Hedged reads: what they ask of the mapper.</summary>
internal sealed partial class RequestMapper
{
    /// <summary>Null unless reads are hedged.</summary>
    public override HedgeCounters? Hedges => _hedges?.Counters;

    /// <summary>
    /// Late answers are at the target, too: a table must outlive them, and so must its paths.
    /// </summary>
    public override void WhenIdle(Action callback)
    {
        if (_hedges is null) _queue.WhenIdle(callback);
        else _queue.WhenIdle(() => _hedges.WhenNoneIsLate(callback));
    }

    private void Watch(Request clone)
    {
        if (clone.Operation == BlockOperation.Read) _hedges!.Watch(clone.Origin!, clone);
    }

    /// <summary>A clone of a read that its origin may have ended without.</summary>
    internal EndIoResult EndIo(TargetIo io, ref BlockStatus status) =>
        _target.EndIo(io, BlockOperation.Read, ref status);

    /// <summary>What the target keeps for the first clone, which is the hedge's now.</summary>
    internal TargetIo ExchangeIo(Request origin, TargetIo io)
    {
        TargetIo first = _ios[origin.Tag];
        _ios[origin.Tag] = io;
        return first;
    }

    /// <summary>Sends a read on a second path. False: it goes on without.</summary>
    internal bool SendHedge(Request origin, Hedge hedge)
    {
        TargetIo first = _ios[origin.Tag];
        if (_target.TryHedge(first, hedge.Bio, hedge.Io, hedge) is not { } clone) return false;
        BlockStatus status = clone.Queue.InsertClone(clone);
        if (status == BlockStatus.Ok) return true;
        if (status is BlockStatus.Resource or BlockStatus.DeviceResource)
            _target.ReleaseClone(hedge.Io);
        else
            EndIo(hedge.Io, ref status);
        clone.Queue.Free(clone);
        return false;
    }
}
