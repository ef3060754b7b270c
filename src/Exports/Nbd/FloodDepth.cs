// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Exports.Nbd;

/// <summary>
/// How much a flood may have in flight while it is held back: found out by trials, from as little
/// as possible, and twice as much wherever that brings three quarters more. Paths that do one thing
/// after the other need little; from those that do many at the same time little is taken.
/// On the loop.
/// </summary>
internal sealed class FloodDepth
{
    /// <summary>
    /// Always allowed, in commands: the fewest that leave a reader about twice its p99
    /// (`./bench fairness`).
    /// </summary>
    public const int Least = 3;

    private const int Most = 1024;

    /// <summary>Twice as much has to bring so much more.</summary>
    private const double WorthMore = 1.75;

    /// <summary>Half as much has to leave so much.</summary>
    private const double WorthLess = 0.65;

    /// <summary>An interval: between so many ends, and so many or so much time.</summary>
    private const int LeastEnds = 32;
    private const int Generations = 4;
    private const int MostEnds = 2048;
    private const long IntervalNs = 40_000_000;

    /// <summary>Intervals from one trial to the next, at the most.</summary>
    private const int MostPause = 64;

    private int _depth = Least;
    private Trial _trial;
    private bool _triedMore;
    private int _pause = 1;
    private int _untilTrial = 1;

    /// <summary>Ends in a second without a trial.</summary>
    private double _rate;

    /// <summary>Ends in this interval; below 0 they are of what began before it.</summary>
    private int _ends;
    private long _sinceNs;
    private long _elapsedNs;
    private bool _isPaused = true;

    /// <summary>Somebody was held back in this interval.</summary>
    private bool _isFelt;

    private enum Trial
    {
        None,
        More,
        Less,
    }

    /// <summary>Commands that each flood may have in flight.</summary>
    public int Now => _trial switch
    {
        Trial.More => 2 * _depth,
        Trial.Less => Math.Max(Least, _depth / 2),
        _ => _depth,
    };

    /// <summary>Somebody wanted more.</summary>
    public void Felt() => _isFelt = true;

    /// <summary>Nobody is held back: until the next end that counts time says nothing.</summary>
    public void Pause() => _isPaused = true;

    /// <summary>A command of somebody who is held back has ended.</summary>
    public void CountEnd(long nowNs)
    {
        if (_isPaused)
        {
            _isPaused = false;
            _sinceNs = nowNs - _elapsedNs;
            return;
        }
        if (++_ends <= 0) _sinceNs = nowNs;
        _elapsedNs = nowNs - _sinceNs;
        if (_ends < Math.Max(LeastEnds, Generations * Now)) return;
        if (_ends < MostEnds && _elapsedNs < IntervalNs) return;
        // Where nobody was held back more would bring nothing, and less might not be felt either.
        if (_isFelt && _elapsedNs > 0) Judge(_ends * 1e9 / _elapsedNs);
        Begin(nowNs, 2 * Now);
    }

    private void Begin(long nowNs, int endsOfBefore)
    {
        _ends = -endsOfBefore;
        _sinceNs = nowNs;
        _elapsedNs = 0;
        _isFelt = false;
    }

    private void Judge(double rate)
    {
        switch (_trial)
        {
            case Trial.None:
                _rate = _rate == 0 ? rate : ((3 * _rate) + rate) / 4;
                if (--_untilTrial <= 0) BeginTrial();
                return;
            case Trial.More:
                EndTrial(rate, rate >= WorthMore * _rate);
                return;
            case Trial.Less:
                EndTrial(rate, rate >= WorthLess * _rate);
                return;
            default:
                Invariant.Broken($"trial {_trial}");
                return;
        }
    }

    private void BeginTrial()
    {
        bool canMore = _depth < Most;
        bool canLess = _depth > Least;
        _triedMore = canMore && !(canLess && _triedMore);
        _trial = _triedMore ? Trial.More : Trial.Less;
    }

    private void EndTrial(double rate, bool isBetter)
    {
        if (isBetter)
        {
            _depth = Now;
            _rate = rate;
        }
        _pause = isBetter ? 1 : Math.Min(MostPause, 2 * _pause);
        _untilTrial = _pause;
        _trial = Trial.None;
    }
}
