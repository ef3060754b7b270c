// SPDX-License-Identifier: Apache-2.0
namespace Braid.Multipath;

/// <summary>
/// The moving average of historical-service-time, in the kernel's fixed point: the longer a service
/// time, the less counts what was before.
/// </summary>
internal sealed class ServiceTimeWeights
{
    /// <summary>Bits behind the point (HST_FIXED_SHIFT).</summary>
    public const int Shift = 10;

    /// <summary>1 in fixed point.</summary>
    public const uint One = 1 << Shift;

    /// <summary>Service times are put into buckets of 2^24 ns, about 17 ms.</summary>
    private const int BucketShift = 24;

    private const int Buckets = 64;

    private readonly ulong[] _weights = new ulong[Buckets];

    /// <param name="weight">Of the past, for the shortest times: 0 to 1023.</param>
    public ServiceTimeWeights(uint weight)
    {
        for (int i = 0; i < Buckets; i++) _weights[i] = Power(weight, i + 1);
        // About a second: what was before does not count at all.
        _weights[Buckets - 1] = 0;
    }

    /// <summary>The weight that it was made with.</summary>
    public ulong Base => _weights[0];

    /// <summary>The new average, after a service time.</summary>
    public ulong Average(ulong average, ulong serviceNs)
    {
        ulong weight = _weights[Math.Min(serviceNs >> BucketShift, Buckets - 1)];
        ulong next = Math.Min(serviceNs, ulong.MaxValue >> (2 * Shift)) << Shift;
        return ((average * weight) + (next * (One - weight)) + (One / 2)) >> Shift;
    }

    /// <summary>fixed_power: by squaring, rounded at each step.</summary>
    private static ulong Power(ulong x, int n)
    {
        ulong result = One;
        while (true)
        {
            if ((n & 1) != 0) result = Round(result * x);
            n >>= 1;
            if (n == 0) return result;
            x = Round(x * x);
        }
    }

    private static ulong Round(ulong product) => (product + (One / 2)) >> Shift;
}
