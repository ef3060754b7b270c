// SPDX-License-Identifier: Apache-2.0
using System.Numerics;
using Braid.Multipath;

namespace Braid.Tests.Unit.Multipath;

/// <summary>
/// historical-service-time, written anew: a plain list in the order of use, and numbers without a
/// bound. Only the weights are the selector's.
/// </summary>
internal sealed class HistoricalModel
{
    private readonly ServiceTimeWeights _weights;
    private readonly uint _threshold;
    private readonly List<int> _order;
    private readonly BigInteger[] _history;
    private readonly long[] _inFlight;
    private readonly BigInteger[] _staleAfter;
    private readonly long[] _lastEnd;

    public HistoricalModel(uint weight, uint threshold, int paths)
    {
        _weights = new ServiceTimeWeights(weight);
        _threshold = threshold;
        _order = [.. Enumerable.Range(0, paths)];
        _history = [.. Enumerable.Repeat((BigInteger)1024, paths)];
        _inFlight = new long[paths];
        _staleAfter = new BigInteger[paths];
        _lastEnd = new long[paths];
    }

    public int Select(long nowNs)
    {
        int best = _order[0];
        foreach (int path in _order.Skip(1))
            if (IsBetter(path, best, nowNs)) best = path;
        _order.Remove(best);
        _order.Add(best);
        _inFlight[best]++;
        return best;
    }

    public void End(int path, long startNs, long nowNs)
    {
        long service = nowNs - Math.Max(startNs, _lastEnd[path]);
        _lastEnd[path] = nowNs;
        _inFlight[path]--;
        _history[path] = _weights.Average((ulong)_history[path], (ulong)service);
        _staleAfter[path] = nowNs + (_order.Count * (_history[path] / 1024));
    }

    public void Fail(int path) => _order.Remove(path).ShouldBeTrue();

    public void Reinstate(int path) => _order.Add(path);

    public string Text(int path) => $"{_history[path]} {_inFlight[path]} {_staleAfter[path]} ";

    /// <summary>Whether a path is taken instead of one that stands before it in the list.</summary>
    private bool IsBetter(int path, int best, long nowNs)
    {
        (BigInteger mine, BigInteger its) = (_history[path], _history[best]);
        if (BigInteger.Max(mine, its) <= _threshold * BigInteger.Min(mine, its))
            return _inFlight[path] < _inFlight[best];
        bool idle = _inFlight[path] == 0;
        bool bestIdle = _inFlight[best] == 0;
        bool stale = _staleAfter[path] < nowNs;
        bool bestStale = _staleAfter[best] < nowNs;
        if (idle && bestIdle) return _staleAfter[path] < _staleAfter[best];
        // An idle stale one is tried: then the other, which is busy, is not.
        if ((idle && stale) || (bestIdle && bestStale))
            return (bestIdle ? _staleAfter[path] : 0) < (idle ? _staleAfter[best] : 0);
        bool isLater = (1 + _inFlight[path]) * mine > (1 + _inFlight[best]) * its;
        bool isWinnerStale = isLater ? bestStale : stale;
        return isWinnerStale ? _inFlight[path] < _inFlight[best] : !isLater;
    }
}
