// SPDX-License-Identifier: Apache-2.0
namespace Braid.Bench;

/// <summary>The middle of several measurements, and how far apart they lie.</summary>
internal readonly record struct Spread(double Median, double Min, double Max)
{
    public static Spread Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        if (sorted.Length == 0) throw new ArgumentException("no values", nameof(values));
        int middle = sorted.Length / 2;
        double median = sorted.Length % 2 == 1
            ? sorted[middle]
            : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[^1]);
    }

    /// <summary>The mean for ratios: twice as fast and half as fast cancel out.</summary>
    public static double GeometricMean(IEnumerable<double> values) =>
        Math.Exp(values.Average(Math.Log));
}
