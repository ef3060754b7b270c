// SPDX-License-Identifier: Apache-2.0
using System.Numerics;

namespace Braid.Mapper;

/// <summary>
/// How long the reads of one path take: a histogram with eight steps to each power of two, so that
/// a percentile is known to an eighth. What is old counts for less: at the end of each window all
/// counts are halved. Allocates nothing after construction.
/// </summary>
internal sealed class ReadTimes
{
    /// <summary>Of a path whose reads are too few to judge by.</summary>
    public const long Unknown = long.MaxValue;

    /// <summary>
    /// Nothing is due earlier, however fast the path: asking again costs about as much.
    /// </summary>
    public const long MinDelayNs = 50_000;

    /// <summary>
    /// The first bucket has all below 2^10 ns, too, the last all from 2^34 ns on, which is 17 s.
    /// </summary>
    private const int FirstPower = 10;
    private const int Powers = 25;
    private const int StepBits = 3;
    private const int Steps = 1 << StepBits;

    /// <summary>Reads from one look at the percentile to the next.</summary>
    private const int Interval = 64;

    /// <summary>Of one read: what is halved shall not be gone at once.</summary>
    private const int Weight = 64;

    /// <summary>Reads of a window that are beyond the percentile.</summary>
    private const int BeyondPerWindow = 64;
    private const int MinWindow = 4096;

    /// <summary>Reads beyond the percentile that have to be seen before it is believed.</summary>
    private const int BeyondToKnow = 4;

    private readonly int[] _counts = new int[Powers * Steps];
    private readonly double _beyond;
    private readonly long _window;
    private readonly long _needed;
    private long _total;
    private long _seen;

    /// <param name="percentile">Over 0 and under 100.</param>
    public ReadTimes(double percentile)
    {
        _beyond = 1 - (percentile / 100);
        _window = Math.Max(MinWindow, (long)(BeyondPerWindow / _beyond)) * Weight;
        _needed = (long)(BeyondToKnow / _beyond);
    }

    /// <summary>
    /// The percentile, rounded up to a step; nanoseconds, or <see cref="Unknown"/>.
    /// </summary>
    public long DelayNs { get; private set; } = Unknown;

    /// <summary>A read was answered so long after it was sent.</summary>
    public void Add(long ns)
    {
        _counts[BucketOf(ns)] += Weight;
        _total += Weight;
        if (++_seen % Interval != 0) return;
        if (_total >= _window) Halve();
        if (_seen >= _needed) DelayNs = Math.Max(MinDelayNs, Percentile());
    }

    private static int BucketOf(long ns)
    {
        if (ns < 1 << FirstPower) return 0;
        int power = BitOperations.Log2((ulong)ns);
        int step = (int)(ns >> (power - StepBits)) & (Steps - 1);
        return Math.Min(((power - FirstPower) * Steps) + step, (Powers * Steps) - 1);
    }

    /// <summary>The first time that is too long for the bucket.</summary>
    private static long EndOf(int bucket) =>
        (long)(Steps + (bucket % Steps) + 1) << (FirstPower + (bucket / Steps) - StepBits);

    private long Percentile()
    {
        double allowed = _total * _beyond;
        long beyond = 0;
        int bucket = _counts.Length;
        // From the end: most of what is there lies far below.
        while (bucket > 0 && beyond <= allowed) beyond += _counts[--bucket];
        return EndOf(bucket);
    }

    private void Halve()
    {
        _total = 0;
        for (int i = 0; i < _counts.Length; i++)
        {
            _counts[i] >>= 1;
            _total += _counts[i];
        }
    }
}
