// SPDX-License-Identifier: Apache-2.0
using Braid.Io;

namespace Braid.Tests.Simulation;

/// <summary>
/// Streams of random numbers from one seed, one for each part of a run: a part that draws more does
/// not change the others.
/// </summary>
internal static class SimRandom
{
    /// <summary>The stream of that name; neighbouring seeds have nothing in common.</summary>
    public static LoopRandom For(ulong seed, string part)
    {
        ulong state = seed;
        foreach (char c in part) state = Scramble(state ^ c);
        return new LoopRandom(Scramble(state));
    }

    public static T Pick<T>(this LoopRandom random, params ReadOnlySpan<T> choices) =>
        choices[(int)random.Next(choices.Length)];

    /// <summary>From <paramref name="low"/> to <paramref name="high"/>, both possible.</summary>
    public static int Between(this LoopRandom random, int low, int high) =>
        low + (int)random.Next(high - low + 1);

    /// <summary>
    /// A time between the two, short ones as likely as long ones: each doubling gets its share.
    /// </summary>
    public static long Duration(this LoopRandom random, long lowNs, long highNs)
    {
        double low = Math.Log(lowNs);
        double share = random.Next(1 << 20) / (double)(1 << 20);
        return (long)Math.Exp(low + (share * (Math.Log(highNs) - low)));
    }

    /// <summary>A time around a mean, as independent arrivals have it.</summary>
    public static long Wait(this LoopRandom random, long meanNs)
    {
        double share = (random.Next(1 << 20) + 1) / (double)(1 << 20);
        return (long)(-Math.Log(share) * meanNs);
    }

    /// <summary>The end of splitmix64.</summary>
    private static ulong Scramble(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
