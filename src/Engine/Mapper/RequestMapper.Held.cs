// SPDX-License-Identifier: Apache-2.0
using Braid.Block;

namespace Braid.Mapper;

/// <summary>What it holds, for people who ask: not on the data path.</summary>
internal sealed partial class RequestMapper
{
    public override IEnumerable<HeldIo> Held() => _queue.Held().Select(request => new HeldIo(
        IdOf(request), request.Operation, request.Offset, request.Length,
        _queue.Loop.NowNs - request.StartNs,
        request.Hold == HoldReason.None ? HoldReason.Suspended : request.Hold));

    public override int FailHeld(Predicate<string> isMeant)
    {
        Request[] meant = [.. _queue.Held().Where(request => isMeant(IdOf(request)))];
        foreach (Request request in meant) _queue.Condemn(request);
        return meant.Length;
    }

    public override void GiveUp()
    {
        _givesUp = true;
        base.GiveUp();
    }

    private static string IdOf(Request request) => HeldIo.IdOf(request.Tag, request.Generation);
}
