// SPDX-License-Identifier: Apache-2.0
using System.Text;

namespace Braid.Multipath;

/// <summary>Each path in turn (drivers/md/dm-ps-round-robin.c, 1.2.0).</summary>
internal sealed class RoundRobin(Action<string> log) : PathSelector(log)
{
    public override string Name => "round-robin";

    public override PgPath? SelectPath(long bytes)
    {
        SelectorPath? first = Valid.First;
        if (first is null) return null;
        Valid.MoveLast(first);
        return first.Path;
    }

    /// <summary>Unlike with the others a path that returns is the next one.</summary>
    public override void ReinstatePath(PgPath path)
    {
        Failed.Remove(path.Selection);
        Valid.AddFirst(path.Selection);
    }

    public override int WordsPerPath(StatusKind kind) => kind == StatusKind.Table ? 1 : 0;

    public override void AppendStatus(StringBuilder text, StatusKind kind, PgPath path)
    {
        if (kind == StatusKind.Table) AppendNumber(text, path.Selection.RepeatCount);
    }
}
