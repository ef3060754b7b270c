// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Braid.Io;

namespace Braid.Multipath;

/// <summary>
/// The path that has been quickest lately, by a moving average of its service times; one that has
/// not been used for a while is tried again (drivers/md/dm-ps-historical-service-time.c, 0.1.1).
/// </summary>
internal sealed class HistoricalServiceTime : PathSelector
{
    private const uint DefaultWeight = 972; // 0.95 in fixed point

    private readonly IoLoop _loop;
    private readonly ServiceTimeWeights _weights;
    private readonly uint _threshold;
    private int _validPaths;

    public HistoricalServiceTime(
        IReadOnlyList<string> arguments, IoLoop loop, Action<string> log)
        : base(log)
    {
        _loop = loop;
        const string Problem = "invalid arguments";
        if (arguments.Count > 2) throw new SelectorException(Problem);
        uint weight = arguments.Count > 0 ? ReadNumber(arguments[0], Problem) : DefaultWeight;
        if (weight >= ServiceTimeWeights.One) throw new SelectorException(Problem);
        _threshold = arguments.Count > 1 ? ReadNumber(arguments[1], Problem) : 0;
        _weights = new ServiceTimeWeights(weight);
    }

    public override string Name => "historical-service-time";

    public override PgPath? SelectPath(long bytes)
    {
        SelectorPath? best = Valid.First;
        if (best is null) return null;
        ulong now = (ulong)_loop.NowNs;
        for (SelectorPath? at = Valid.After(best); at is not null; at = Valid.After(at))
            if (Compare(Of(at), Of(best), now) < 0) best = at;
        Valid.MoveLast(best);
        return best.Path;
    }

    public override void FailPath(PgPath path)
    {
        base.FailPath(path);
        _validPaths--;
    }

    public override void ReinstatePath(PgPath path)
    {
        base.ReinstatePath(path);
        _validPaths++;
    }

    public override void StartIo(PgPath path, long bytes) => path.Selection.InFlight++;

    public override void EndIo(PgPath path, long bytes, long startNs)
    {
        HistoricalPath history = Of(path.Selection);
        history.InFlight--;
        ulong now = (ulong)_loop.NowNs;
        // Serialised: while another I/O was being served, this one waited.
        ulong start = Math.Max((ulong)startNs, history.LastFinishNs);
        history.LastFinishNs = now;
        ulong serviceNs = now > start ? now - start : 0;
        history.Average = _weights.Average(history.Average, serviceNs);
        ulong averageNs = history.Average >> ServiceTimeWeights.Shift;
        history.StaleAfterNs = now + ((ulong)_validPaths * averageNs);
    }

    public override int WordsPerPath(StatusKind kind) => kind == StatusKind.Info ? 3 : 1;

    public override void AppendStatus(StringBuilder text, StatusKind kind) =>
        text.Append(CultureInfo.InvariantCulture, $"2 {_weights.Base} {_threshold} ");

    public override void AppendStatus(StringBuilder text, StatusKind kind, PgPath path)
    {
        HistoricalPath history = Of(path.Selection);
        if (kind == StatusKind.Table)
            AppendNumber(text, 0);
        else
            text.Append(
                CultureInfo.InvariantCulture,
                $"{history.Average} {history.InFlight} {history.StaleAfterNs} ");
    }

    protected override SelectorPath CreatePath(PgPath path, IReadOnlyList<string> arguments)
    {
        var selection = new HistoricalPath(path);
        ReadRepeatCount(selection, arguments, maxArguments: 1);
        // Read, and not used: not even to say that more than 1 is deprecated.
        selection.RepeatCount = 0;
        _validPaths++;
        return selection;
    }

    private static HistoricalPath Of(SelectorPath path) => Unsafe.As<HistoricalPath>(path);

    /// <summary>Below 0 when the first is to be preferred (hst_compare).</summary>
    private long Compare(HistoricalPath first, HistoricalPath second, ulong now)
    {
        ulong average1 = first.Average;
        ulong average2 = second.Average;
        bool differ = average1 > average2
            ? average1 > _threshold * average2
            : average2 > _threshold * average1;
        if (!differ) return first.InFlight - second.InFlight;

        bool idle1 = first.InFlight == 0;
        bool idle2 = second.InFlight == 0;
        bool stale1 = first.StaleAfterNs < now;
        bool stale2 = second.StaleAfterNs < now;
        if ((idle1 && stale1) || (idle2 && stale2) || (idle1 && idle2))
            return (long)((idle2 ? first.StaleAfterNs : 0) - (idle1 ? second.StaleAfterNs : 0));

        long difference = Expected(first, second) - Expected(second, first);
        // The winner's history is old: it gets no more than the other.
        bool isWinnerStale = difference > 0 ? stale2 : stale1;
        if (isWinnerStale) return first.InFlight - second.InFlight;
        // Of equal ones the first, which is the one used later: so in the kernel.
        return difference > 0 ? 1 : -1;
    }

    /// <summary>When a further I/O of a path would be done, beside another path.</summary>
    private static long Expected(HistoricalPath path, HistoricalPath other)
    {
        if (path.InFlight == other.InFlight) return (long)path.Average;
        // From 1024 in flight on the product could overflow.
        bool isDeep = path.InFlight >= ServiceTimeWeights.One
            || other.InFlight >= ServiceTimeWeights.One;
        ulong average = isDeep ? path.Average >> ServiceTimeWeights.Shift : path.Average;
        return (long)((ulong)(1 + path.InFlight) * average);
    }

    /// <summary>What is known of a path's past.</summary>
    private sealed class HistoricalPath(PgPath path) : SelectorPath(path)
    {
        /// <summary>Average service time, in 1024ths of a nanosecond.</summary>
        public ulong Average { get; set; } = ServiceTimeWeights.One;

        /// <summary>From then on the average is not to be trusted.</summary>
        public ulong StaleAfterNs { get; set; }

        public ulong LastFinishNs { get; set; }
    }
}
