// SPDX-License-Identifier: Apache-2.0
using System.Text;

namespace Braid.Multipath;

/// <summary>
/// The path with the fewest I/Os in flight (drivers/md/dm-ps-queue-length.c, 0.2.0). The scan stops
/// at the first idle path; of equal ones the least recently used wins.
/// </summary>
internal sealed class QueueLength(Action<string> log) : PathSelector(log)
{
    public override string Name => "queue-length";

    public override PgPath? SelectPath(long bytes)
    {
        SelectorPath? best = Valid.First;
        SelectorPath? at = best;
        while (at is not null && best!.InFlight > 0)
        {
            if (at.InFlight < best.InFlight) best = at;
            at = Valid.After(at);
        }
        if (best is null) return null;
        Valid.MoveLast(best);
        return best.Path;
    }

    public override void StartIo(PgPath path, long bytes) => path.Selection.InFlight++;

    public override void EndIo(PgPath path, long bytes, long startNs) =>
        path.Selection.InFlight--;

    public override int WordsPerPath(StatusKind kind) => 1;

    public override void AppendStatus(StringBuilder text, StatusKind kind, PgPath path) =>
        AppendNumber(
            text,
            kind == StatusKind.Info ? path.Selection.InFlight : path.Selection.RepeatCount);
}
