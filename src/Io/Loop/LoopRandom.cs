// SPDX-License-Identifier: Apache-2.0
namespace Braid.Io;

/// <summary>
/// The loop's random numbers (xorshift64*): seeded, so that a simulated run repeats. Not for
/// secrets.
/// </summary>
public sealed class LoopRandom
{
    private ulong _state;

    public LoopRandom(ulong seed) => _state = seed == 0 ? 0x9E3779B97F4A7C15 : seed;

    public ulong NextUInt64()
    {
        _state ^= _state >> 12;
        _state ^= _state << 25;
        _state ^= _state >> 27;
        return _state * 0x2545F4914F6CDD1D;
    }

    /// <summary>
    /// Evenly from 0 up to, not including, <paramref name="bound"/>, which is at least 1.
    /// </summary>
    public long Next(long bound)
    {
        Invariant.That(bound > 0);
        return (long)(NextUInt64() % (ulong)bound);
    }

    /// <summary>True <paramref name="permille"/> times in a thousand.</summary>
    public bool Chance(int permille) => Next(1000) < permille;

    /// <summary>
    /// <paramref name="value"/> plus or minus up to a fifth: the jitter of a backoff.
    /// </summary>
    public long Jitter(long value) => value - (value / 5) + Next(Math.Max(1, value * 2 / 5));
}
