// SPDX-License-Identifier: Apache-2.0
using System.Runtime.CompilerServices;
using System.Text;

namespace Braid.Multipath;

/// <summary>
/// The path that would be done first: bytes in flight, with this I/O's, by relative throughput
/// (drivers/md/dm-ps-service-time.c, 0.3.0).
/// </summary>
internal sealed class ServiceTime(Action<string> log) : PathSelector(log)
{
    private const uint MaxThroughput = 100;

    /// <summary>
    /// Sizes above this are compared in units of 128 bytes, or products would overflow.
    /// </summary>
    private const ulong MaxSize = ulong.MaxValue >> ThroughputShift;

    private const int ThroughputShift = 7;

    public override string Name => "service-time";

    public override PgPath? SelectPath(long bytes)
    {
        SelectorPath? best = Valid.First;
        if (best is null) return null;
        for (SelectorPath? at = Valid.After(best); at is not null; at = Valid.After(at))
            if (Compare(at, best, (ulong)bytes) < 0) best = at;
        Valid.MoveLast(best);
        return best.Path;
    }

    public override void StartIo(PgPath path, long bytes) => path.Selection.InFlight += bytes;

    public override void EndIo(PgPath path, long bytes, long startNs) =>
        path.Selection.InFlight -= bytes;

    public override int WordsPerPath(StatusKind kind) => 2;

    public override void AppendStatus(StringBuilder text, StatusKind kind, PgPath path)
    {
        SelectorPath selection = path.Selection;
        AppendNumber(text, kind == StatusKind.Info ? selection.InFlight : selection.RepeatCount);
        AppendNumber(text, ((ServiceTimePath)selection).RelativeThroughput);
    }

    protected override SelectorPath CreatePath(PgPath path, IReadOnlyList<string> arguments)
    {
        var selection = new ServiceTimePath(path);
        ReadRepeatCount(selection, arguments, maxArguments: 2);
        if (arguments.Count < 2) return selection;
        const string Problem = "invalid relative_throughput value";
        selection.RelativeThroughput = ReadNumber(arguments[1], Problem);
        if (selection.RelativeThroughput > MaxThroughput) throw new SelectorException(Problem);
        return selection;
    }

    /// <summary>Below 0 when the first is to be preferred (st_compare_load).</summary>
    private static int Compare(SelectorPath first, SelectorPath second, ulong incoming) =>
        Compare(
            Unsafe.As<ServiceTimePath>(first), Unsafe.As<ServiceTimePath>(second), incoming);

    private static int Compare(ServiceTimePath first, ServiceTimePath second, ulong incoming)
    {
        ulong size1 = (ulong)first.InFlight;
        ulong size2 = (ulong)second.InFlight;
        ulong throughput1 = first.RelativeThroughput;
        ulong throughput2 = second.RelativeThroughput;
        if (throughput1 == throughput2) return size1.CompareTo(size2);
        if (size1 == size2 || throughput1 == 0 || throughput2 == 0)
            return throughput2.CompareTo(throughput1);
        size1 += incoming;
        size2 += incoming;
        if (size1 >= MaxSize || size2 >= MaxSize)
        {
            size1 >>= ThroughputShift;
            size2 >>= ThroughputShift;
        }
        int order = (size1 * throughput2).CompareTo(size2 * throughput1);
        return order != 0 ? order : throughput2.CompareTo(throughput1);
    }

    private sealed class ServiceTimePath(PgPath path) : SelectorPath(path)
    {
        /// <summary>0 to 100: the share of this path beside the others'.</summary>
        public uint RelativeThroughput { get; set; } = 1;
    }
}
